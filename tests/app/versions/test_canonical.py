"""The canonical content: the same facts, the same bytes, on any machine."""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.versions import canonical
from app.versions.canonical import FIELDS, CanonicalRow, canonical_content, content_sha256, read_content

SODIUM = CanonicalRow(
    level="analysis", code="NA", occurrence="0", label="Sodium", chapter="Biochimie", specimen="Sérum", unit="mmol/L",
    technique="", status="approved", outcome="code", loinc_num="2951-2", relation="equivalent", reason="",
    justification="", approved_by="018f0000-0000-7000-8000-000000000001", approved_at="2026-11-28T20:15:00+00:00",
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
rows = st.builds(CanonicalRow, **dict.fromkeys(FIELDS, texts) | {"status": st.just("approved")})
mappings = st.lists(rows, max_size=8, unique_by=lambda row: row.key)


def test_the_exact_bytes():
    other = replace(SODIUM, code="GLU", label='Glucose "à jeun"\n\\', chapter="", approved_by="", approved_at="")
    content = canonical_content("2.81", [SODIUM, other])
    assert content.decode() == (
        '["transcodage-loinc/1","2.81"]\n'
        '["analysis","GLU","0","Glucose \\"à jeun\\"\\n\\\\","","Sérum","mmol/L","","approved","code","2951-2",'
        '"equivalent","","","",""]\n'
        '["analysis","NA","0","Sodium","Biochimie","Sérum","mmol/L","","approved","code","2951-2","equivalent","","",'
        '"018f0000-0000-7000-8000-000000000001","2026-11-28T20:15:00+00:00"]\n'
    )
    # Written out, so that a change of the format cannot pass unseen.
    assert content_sha256(content) == "b8463f798cda5adb3cb39a1209475787eec5d30d97775b8516bea70ffdaf4d46"


def test_an_empty_mapping_has_a_content():
    assert canonical_content("", []) == b'["transcodage-loinc/1",""]\n'
    assert read_content(canonical_content("", [])) == ("", ())


@given(mappings, st.randoms(use_true_random=False), texts)
def test_the_order_of_the_rows_changes_nothing(mapping, random, release):
    content = canonical_content(release, mapping)
    random.shuffle(mapping)
    assert canonical_content(release, iter(mapping)) == content


@given(mappings, texts)
def test_every_text_comes_back_as_it_was(mapping, release):
    """Composed and decomposed letters, line separators and control characters stay what they are."""
    assert read_content(canonical_content(release, mapping)) == (release, tuple(sorted(mapping, key=lambda r: r.key)))


@given(mappings.filter(bool), st.data())
def test_any_other_value_gives_another_hash(mapping, data):
    position = data.draw(st.integers(0, len(mapping) - 1))
    name = data.draw(st.sampled_from(FIELDS))
    if name == "status":
        return
    changed = replace(mapping[position], **{name: getattr(mapping[position], name) + "x"})
    others = [row for row in mapping if row is not mapping[position]]
    if changed.key in {row.key for row in others}:
        return
    assert content_sha256(canonical_content("2.81", [*others, changed])) != content_sha256(
        canonical_content("2.81", mapping)
    )


@pytest.mark.parametrize("label", ["é", "e\u0301", "µ", "μ", "ﬁ", "\u2028", "\u00a0", "😀", "\x85"])
def test_unicode_is_written_untouched(label):
    assert f'"{label}"'.encode() in canonical_content("2.81", [replace(SODIUM, label=label)])


def test_occurrences_are_compared_as_texts():
    """"10" comes before "2": the rule that any language sorts by without a question."""
    content = canonical_content("", [replace(SODIUM, occurrence=number) for number in ("2", "10", "0")])
    assert [row.occurrence for row in read_content(content)[1]] == ["0", "10", "2"]


def test_astral_characters_are_sorted_by_code_point():
    """And not by UTF-16 units, which would put U+1F600 before U+FFFD."""
    content = canonical_content("", [replace(SODIUM, code="\U0001f600"), replace(SODIUM, code="\ufffd")])
    assert [row.code for row in read_content(content)[1]] == ["\ufffd", "\U0001f600"]


@given(rows, texts.filter(lambda status: status != "approved"))
def test_a_decision_that_nobody_approved_is_not_told(row, status):
    """What a transcoder decides meanwhile changes no signed content; the row itself stays in it."""
    bare = replace(row, status=status)
    content = canonical_content("2.81", [bare])
    assert content == canonical_content("2.81", [replace(bare, loinc_num="x", reason="y", status="todo")])
    assert [found.key for found in read_content(content)[1]] == [row.key]
    assert content != canonical_content("2.81", [row])


def test_two_rows_of_one_name_are_refused():
    with pytest.raises(ValueError, match="NA"):
        canonical_content("2.81", [SODIUM, replace(SODIUM, label="Autre")])


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError):
        canonical_content("2.81", [replace(SODIUM, label=None)])
    with pytest.raises(ValueError, match="surrogates"):
        canonical_content("2.81", [replace(SODIUM, label="\ud800")])


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (b"", "no end"),
        (b'["other/1","2.81"]\n', "line 1"),
        (b'["transcodage-loinc/1","2.81"]', "no end"),
        (b'["transcodage-loinc/1", "2.81"]\n', "canonical form"),
        (b'["transcodage-loinc/1","2.81"]\n["analysis"]\n', "line 2 has 1 values"),
        (b'["transcodage-loinc/1","2.81"]\n[1]\n', "line 2 is no array of texts"),
        (b'["transcodage-loinc/1","2.81"]\nx\n', "line 2 is no JSON"),
        (b'["transcodage-loinc/1","2.81"]\n' + b"[" * 100_000 + b"\n", "line 2 is no JSON"),
        (b'["transcodage-loinc/1","\\u00e9"]\n', "canonical form"),
        (b"\xff\n", "decode"),
    ],
)
def test_a_spoiled_content_says_where(spoiled, said):
    with pytest.raises(ValueError, match=said):
        read_content(spoiled)


def test_rows_out_of_order_are_no_canonical_content():
    content = canonical_content("", [SODIUM, replace(SODIUM, code="K")])
    head, *lines = content.splitlines(keepends=True)
    with pytest.raises(ValueError, match="canonical form"):
        read_content(b"".join([head, *reversed(lines)]))


def test_only_the_standard_library_is_imported():
    tree = ast.parse(Path(canonical.__file__).read_text(encoding="utf-8"))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names
