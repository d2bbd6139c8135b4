"""The index: what is built is what is loaded."""

import io
import json
import zipfile
from dataclasses import fields

import numpy as np

from matcher import Engine, LocalTest, Term
from matcher.index import TermIndex
from matcher.index_file import dump_index, load_index


def assert_same(one: TermIndex, other: TermIndex) -> None:
    for item in fields(TermIndex):
        if item.name.startswith("_"):
            continue
        mine, theirs = getattr(one, item.name), getattr(other, item.name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, item.name
            assert np.array_equal(mine, theirs), item.name
        elif item.name == "axis_codes":
            assert mine.keys() == theirs.keys()
            assert all(np.array_equal(mine[axis], theirs[axis]) for axis in mine)
        else:
            assert mine == theirs, item.name


def test_a_loaded_index_equals_the_one_built(small_index: TermIndex) -> None:
    loaded = load_index(dump_index(small_index))
    assert loaded is not None
    assert_same(small_index, loaded)


def test_a_dump_is_always_the_same_bytes_inside(small_index: TermIndex) -> None:
    def members(content: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    loaded = load_index(dump_index(small_index))
    assert loaded is not None
    assert members(dump_index(small_index)) == members(dump_index(loaded))


def test_an_index_of_another_format_is_refused(small_index: TermIndex) -> None:
    source = zipfile.ZipFile(io.BytesIO(dump_index(small_index)))
    changed = io.BytesIO()
    with source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "meta.json":
                content = json.dumps({**json.loads(content), "format": -1}).encode()
            target.writestr(name, content)
    assert load_index(changed.getvalue()) is None


def test_an_empty_terminology_answers_nothing(small_engine: Engine) -> None:
    from matcher import Tables

    engine = Engine(TermIndex.build([]), Tables())
    assert engine.propose(LocalTest(label="Glycémie", unit="g/L")) == []


def test_terms_of_an_analyte(small_index: TermIndex) -> None:
    code = small_index.analyte_codes["glucose"]
    numbers = {small_index.terms[int(position)].loinc_num for position in small_index.terms_of(code)}
    assert numbers == {"14749-6", "2345-7", "15076-3", "5792-7"}


def test_properties_are_counted_by_the_dimension_of_example_units(small_index: TermIndex) -> None:
    shares = small_index.property_by_dimension
    assert shares["subst_conc"] == {"SCnc": 1.0}
    assert shares["mass_conc"] == {"MCnc": 1.0}
    assert all(abs(sum(share.values()) - 1) < 1e-9 for share in shares.values())


def test_the_methodless_sibling_is_preferred() -> None:
    plain = Term("26464-8", "Leukocytes", "NCnc", "Pt", "Bld", "Qn")
    automated = Term("6690-2", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "Automated count", usage=1)
    prior = TermIndex.build([automated, plain]).prior
    assert prior[1] > prior[0]
