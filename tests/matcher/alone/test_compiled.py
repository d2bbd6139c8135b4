"""An engine as bytes: what is read is what was built, and what is damaged is refused."""

import hashlib
import json
from dataclasses import fields, replace

import numpy as np
import pytest

from matcher import Engine, LexiconEntry, LocalTest, Tables, Term
from matcher.compiled import columns, engine_file
from matcher.compiled.engine_file import dump_engine, load_engine
from matcher.compiled.sections import MARK, Sections, pack, unpack
from matcher.index import TermIndex

KEY = "these terms, that material"
ROWS = (
    LocalTest(label="Glycémie", unit="mmol/L"),
    LocalTest(label="Glucose", specimen="urines", unit="G/L"),
    LocalTest(label="CRP ?", unit="mg/L"),
    LocalTest(label="Leucocites"),
    LocalTest(label="Commentaire"),
)


def loaded(engine: Engine) -> Engine:
    found = load_engine(dump_engine(engine, KEY), KEY)
    assert found is not None
    return found


def assert_same_index(one: TermIndex, other: TermIndex) -> None:
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
        elif item.name == "terms":
            assert list(mine) == list(theirs)
        else:
            assert mine == theirs, item.name


@pytest.fixture(params=[1, columns.MANY], ids=["texts as bytes", "texts as values"])
def _kept_as(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MANY", request.param)


@pytest.mark.usefixtures("_kept_as")
def test_what_is_loaded_is_what_was_built(small_engine: Engine) -> None:
    engine = loaded(small_engine)
    assert_same_index(small_engine.index, engine.index)
    assert engine.tables == small_engine.tables
    assert engine.parser.lexicon.values == small_engine.parser.lexicon.values
    assert engine.parser.lexicon.shuffled == small_engine.parser.lexicon.shuffled
    assert engine.parser.lexicon.longest == small_engine.parser.lexicon.longest
    assert engine.parser.known == small_engine.parser.known
    for name in ("unit", "nature"):
        assert np.array_equal(engine.strengths.codes_of(name), small_engine.strengths.codes_of(name))
    for row in ROWS:
        assert engine.propose(row) == small_engine.propose(row)


@pytest.mark.usefixtures("_kept_as")
def test_texts_come_back_letter_for_letter(small_engine: Engine) -> None:
    odd = Term("1-8", "µ\u2009β\"\\,\n", "MCnc", "Pt", "Sér", "Qn", long_common_name="\U0001f9ea", french_name="œ")
    terms = [*small_engine.index.terms, odd, replace(odd, loinc_num="2-6", rank=7, usage=2)]
    engine = loaded(Engine(TermIndex.build(terms), small_engine.tables))
    assert list(engine.index.terms) == terms
    assert engine.index.terms[-1] == terms[-1]
    assert engine.index.terms[-3:] == terms[-3:]
    assert engine.index.loinc_nums == [term.loinc_num for term in terms]


def test_every_field_of_an_entry_and_of_the_tables_comes_back(small_engine: Engine) -> None:
    entry = LexiconEntry(
        "XYZ", "abbreviation", ("Sodium", "Glucose"), ("SCnc",), ("Pt",), ("Urine",), ("Qn",), ("Test strip",),
        (("unite", "mmol/L"), ("milieu", "urines")), priority=2, is_english=True, needs_context=True, is_doubtful=True,
    )  # fmt: skip
    tables = replace(
        small_engine.tables,
        lexicon=(*small_engine.tables.lexicon, entry, replace(entry, kind="urie")),
        short_words=(("antigène", "ag"),),
        national=(("26464-8", "une source"),),
    )
    engine = Engine(small_engine.index, tables)
    again = loaded(engine)
    assert again.tables == tables
    assert again.parser.lexicon.values == engine.parser.lexicon.values
    assert again.national == engine.national
    # Written again, it gives the same bytes: nothing is lost on the way.
    assert dump_engine(again, KEY) == dump_engine(engine, KEY)


def test_an_empty_engine_comes_back() -> None:
    engine = loaded(Engine(TermIndex.build([]), Tables()))
    assert len(engine.index.terms) == 0
    assert engine.propose(LocalTest(label="Glycémie")) == []


def test_the_bytes_of_another_key_or_format_are_refused(small_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dump_engine(small_engine, KEY)
    assert load_engine(content, KEY + "!") is None
    monkeypatch.setattr(engine_file, "FORMAT", engine_file.FORMAT - 1)
    assert load_engine(content, KEY) is None


def test_bytes_cut_short_or_longer_are_refused(small_engine: Engine) -> None:
    content = dump_engine(small_engine, KEY)
    for length in (0, 1, len(MARK), len(MARK) + 32, len(MARK) + 40, 200, len(content) // 2, len(content) - 1):
        assert load_engine(content[:length], KEY) is None, length
    assert load_engine(content + b"\0", KEY) is None
    assert load_engine(b"PK\x03\x04" + content, KEY) is None


def test_one_altered_byte_anywhere_is_refused(small_engine: Engine) -> None:
    content = dump_engine(small_engine, KEY)
    for place in [*range(80), *range(80, len(content), 997), len(content) - 1]:
        altered = bytearray(content)
        altered[place] ^= 1
        assert load_engine(bytes(altered), KEY) is None, place


def test_sections_keep_arrays_and_values() -> None:
    arrays = {"a": np.array([1, 2, 3], np.int8), "b": np.array([], np.float32), "c": np.array([[1.5]])[0]}
    found = unpack(pack("key", Sections(arrays, {"v": {"é": [1, None, "x"]}})), "key")
    assert found is not None
    assert found.values == {"v": {"é": [1, None, "x"]}}
    for name, array in arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert np.array_equal(found.arrays[name], array)


def test_no_array_of_objects_is_read() -> None:
    """Also from bytes that are whole and say that they are ours."""
    header = json.dumps({"key": "key", "arrays": {"a": ["|O", 1, 0]}, "values": {}}).encode()
    body = len(header).to_bytes(8, "little") + header + bytes(8)
    with pytest.raises(ValueError, match="OBJECT"):
        unpack(MARK + hashlib.sha256(body).digest() + body, "key")
