"""A file that this product completed, once or again, is read where it wrote last."""

import json
from collections.abc import Sequence

import pytest

from app.exports.original import OriginalRows, completed_csv, completed_json
from app.files.choices import IncomingFile
from app.files.completed_columns import APPROVED, COMPLETED, added_headings
from app.files.reading import ReadFile, read_file
from app.models import FileKind
from app.publication.assessment import assess
from app.publication.lookup import RowLookup
from app.publication.schemas import PublishedRelease

OLD, NEW, NEWEST = "2345-7", "14749-6", "2951-2"
LOINC_3 = ("Code analyse", "Libellé analyse", "Synonyme", "Grandeur", "Code unité principale",
           "Libellé unité principale", "Temporalité PT/24H", "Code milieu", "Libellé milieu", "Echelle QN/ORD",
           "Technique", "Codes NABM ou mention HN")  # fmt: skip
PAIR = ("Code LOINC analyse", "Libellé LOINC analyse")
AGAIN = added_headings(COMPLETED, has_codes=True)
THIRD = added_headings((*COMPLETED, *AGAIN), has_codes=True)


def row(*codes: str) -> tuple[str, ...]:
    return ("GLU", "Glycémie", "", "", "", "mmol/L", "PT", "", "Sérum", "QN", "", "", *codes)


def full(code: str) -> tuple[str, ...]:
    return (code, "nom", "exact", f"de {code}", "M. X", "Mme Y", "01/02/2026", "2.80")


def read(rows: Sequence[Sequence[str]], name: str = "LOINC_6.csv") -> ReadFile:
    return read_file(IncomingFile(name, "\r\n".join(map(";".join, rows)).encode()), 10**6)


def code_of(file: ReadFile) -> str:
    assert not file.problems
    (line,) = file.lines()
    return line["earlier_code"]


def test_the_headings_of_each_round_differ() -> None:
    assert added_headings(("Code", "Libellé", "Commentaire"), has_codes=False) == COMPLETED
    assert AGAIN[0] == f"{APPROVED} : code LOINC"
    assert THIRD[0] == f"{APPROVED} (2) : code LOINC"
    assert added_headings(("Code", "Code LOINC"), has_codes=False) == AGAIN


@pytest.mark.parametrize("name", ["LOINC_6.csv", "liste.csv"])
@pytest.mark.parametrize(
    ("headings", "cells"),
    [
        ((*PAIR, *PAIR), (OLD, "vieux", NEW, "neuf")),
        (("Code LOINC", "Nom LOINC", *PAIR), (OLD, "vieux", NEW, "neuf")),
        ((*PAIR, *COMPLETED), (OLD, "vieux", *full(NEW))),
        ((*COMPLETED, *COMPLETED), (*full(OLD), *full(NEW))),
        ((*COMPLETED, *AGAIN), (*full(OLD), *full(NEW))),
        ((*COMPLETED, *THIRD, *AGAIN), (*full(OLD), *full(NEW), *full(OLD))),
        (("Statut", "LOINC", "Relation", *AGAIN), ("rejeté", OLD, "plus large", *full(NEW))),
    ],
)
def test_the_columns_that_were_added_last_are_read(name: str, headings: Sequence[str], cells: Sequence[str]) -> None:
    file = read([(*LOINC_3, *headings), row(*cells)], name)
    assert code_of(file) == NEW
    (line,) = file.lines()
    if COMPLETED[0] in headings[2:] or AGAIN[0] in headings:
        assert (line["earlier_comment"], line["earlier_relation"]) == (f"de {NEW}", "exact")
        assert line["earlier_status"] == ""


@pytest.mark.parametrize("headings", [(*PAIR, *PAIR), PAIR])
def test_a_pair_without_any_code_gives_way(headings: Sequence[str]) -> None:
    file = read([(*LOINC_3, *headings), row(NEW, "neuf", *("",) * (len(headings) - 2))])
    assert code_of(file) == NEW


def test_what_is_not_approved_does_not_come_back_as_what_it_was_before() -> None:
    file = read([(*LOINC_3, *PAIR, *AGAIN), row(OLD, "vieux", *("",) * 3, "Non décidé", *("",) * 4)])
    assert code_of(file) == ""


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ((NEW, "nom"), NEW),
        (full(NEW), NEW),
        ((OLD, "vieux", NEW, "neuf"), NEW),
        ((OLD, "vieux", *full(NEW)), NEW),
        ((OLD, "vieux", *("",) * 7, "x"), ""),
    ],
)
def test_without_headings_too(added: Sequence[str], expected: str) -> None:
    assert code_of(read([row(*added)])) == expected


def rows_for(file: ReadFile, headings: Sequence[str]) -> OriginalRows:
    release = PublishedRelease(1, "2.80", "official")
    return OriginalRows(FileKind.TABULAR, file.columns, RowLookup.build((), {}), assess((), release), "2.80", headings)


def test_a_file_completed_twice_names_each_set() -> None:
    content = "Code;Libellé;Code LOINC\r\nGLU;Glycémie;2345-7\r\n".encode()
    for headings in (AGAIN, THIRD):
        file = read_file(IncomingFile("liste.csv", content), 10**6)
        assert added_headings(file.table.bare_headings, has_codes=True) == headings
        content = completed_csv(content, file.table.dialect, rows_for(file, headings)).content
    assert content.decode().split("\r\n")[0] == ";".join(("Code", "Libellé", "Code LOINC", *AGAIN, *THIRD))


def test_members_of_objects_are_named_so_too() -> None:
    content = json.dumps([{"Code": "GLU", "Libellé": "Glycémie", "Code LOINC": OLD}]).encode()
    file = read_file(IncomingFile("liste.json", content), 10**6)
    done = completed_json(content, file.table.dialect, rows_for(file, AGAIN)).content
    assert list(json.loads(done)[0])[3:] == [*AGAIN]
