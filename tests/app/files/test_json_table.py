"""Lists of simple objects in JSON: read as tables, given back with new members, and refused by name when deeper."""

import json
from typing import Any

import pytest

from app.errors import ImportRefusedError
from app.exports.append_json import append_members
from app.files.asked import asked_dialect
from app.files.choices import IncomingFile
from app.files.fhir_syntax import looks_like_fhir
from app.files.reading import ReadFile, read_file
from app.files.tabular import read_table

OBJECTS: list[dict[str, Any]] = [
    {"code": "0012", "libelle": "Potassium, sérum", "unite": "mmol/L"},
    {"code": "NA", "libelle": 'Sodium "vrai"', "milieu": None, "sous_traite": True},
    {"libelle": "Fer", "code": "FE", "volume annuel": 12},
]
LIST = json.dumps(OBJECTS, ensure_ascii=False)
INDENTED = json.dumps(OBJECTS, ensure_ascii=False, indent=2)
LINES = "\r\n".join(json.dumps(item, ensure_ascii=False) for item in OBJECTS) + "\r\n"
NAMES = ["Code LOINC", "Nom LOINC"]


def read(content: bytes, name: str = "catalogue.json") -> ReadFile:
    return read_file(IncomingFile(name, content), 1 << 20)


@pytest.mark.parametrize("text", [LIST, INDENTED, LINES])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_list_of_simple_objects_is_a_table(text: str, encoding: str) -> None:
    file = read(text.encode(encoding))
    assert file.problems == []
    assert file.table.headings == ("code", "libelle", "unite", "milieu", "sous_traite", "volume annuel")
    assert [row.cells for row in file.table.data] == [
        ("0012", "Potassium, sérum", "mmol/L", "", "", ""), ("NA", 'Sodium "vrai"', "", "", "true", ""),
        ("FE", "Fer", "", "", "", "12"),
    ]  # fmt: skip
    assert [line["code"] for line in file.lines()] == ["0012", "NA", "FE"]
    assert any("l'objet n° 1 est la ligne 2" in note for note in file.table.notes)


def test_numbers_stay_as_they_are_written() -> None:
    table = read_table("a.json", b'[{"code": 12345678901234567890, "libelle": 1.50, "x": 1E5, "y": -0}]')
    assert table.data[0].cells == ("12345678901234567890", "1.50", "1E5", "-0")


@pytest.mark.parametrize("text", [LIST, INDENTED, LINES])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_new_members_are_added_at_the_end_of_each_object_and_nothing_else_changes(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    dialect = read_table("a.json", content).dialect
    done = append_members(content, dialect, NAMES, lambda number, cells: (f"{number}-0", f"« {cells[1]} » \\ β"))
    written = done.content.decode(encoding)
    rest = written
    for number, item in enumerate(OBJECTS, start=2):
        label = json.dumps(f"« {item['libelle']} » \\ β", ensure_ascii=encoding == "cp1252")
        added = f', "Code LOINC": "{number}-0", "Nom LOINC": {label}'
        assert rest.count(added) == 1
        rest = rest.replace(added, "")
    assert rest.encode(encoding) == content
    again = read_table("retour.json", done.content)
    code = again.headings.index("Code LOINC")
    assert [row.cells[code] for row in again.data] == ["2-0", "3-0", "4-0"]


def test_a_list_that_was_completed_once_gets_other_names() -> None:
    content = b'[{"code": "NA", "libelle": "Sodium", "Code LOINC": "2951-2"}, {}]'
    dialect = read_table("a.json", content).dialect
    done = append_members(content, dialect, NAMES, lambda number, cells: ("2951-2", "x"))
    assert b'"Code LOINC": "2951-2", "Code LOINC (2)": "2951-2", "Nom LOINC": "x"}, {}]' in done.content
    assert done.rows == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"code": "NA", "unites": ["a", "b"]}]', "l'objet n° 1 a sous « unites » une liste ou un objet"),
        ('{"code": "NA"}\n{"code": "K", "unite": {"x": 1}}', "l'objet n° 2 a sous « unite » une liste"),
        ('[["Code", "Nom"], ["NA", "Sodium"]]', "l'élément n° 1 de la liste n'est pas un objet"),
        ('["Code", "Nom"]\n["NA", "Sodium"]', "l'élément n° 1 de la liste n'est pas un objet"),
        ('[{"code": "NA"}, 3]', "l'élément n° 2 de la liste n'est pas un objet"),
        ('[{"code": "NA", "code": "K"}]', "a deux fois le nom « code »"),
        ('[{"code": "NA"},\n{"code": }]', "bien formé (ligne 2)"),
        ('[{"code": "NA"},]', "bien formé (ligne 1)"),
        ('[{"code": "NA"}\n', "bien formé (ligne 2)"),
        ('[{"code": "NA"}] x', "bien formé"),
        ("[]", "aucun objet"),
        ("[{}]", "aucun objet"),
        ("[" * 100_000, "niveaux"),
        ('[{"code": "\\ud800"}]', "la moitié d'un caractère"),
        ('[{"code": "\\u0000"}]', "caractère nul"),
        ('{"analyses": [{"code": "NA"}]}', "ni une liste d'objets simples"),
        ('{"resourceType": "CodeSystem"}\n{"resourceType": "CodeSystem"}\n', "NDJSON"),
        ('[{"resourceType": "CodeSystem"}]', "NDJSON"),
    ],
)
def test_what_is_deeper_or_damaged_is_refused_by_its_name(text: str, reason: str) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read(text.encode())
    assert reason in str(caught.value.problems[0])


def test_too_many_names_are_refused_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.limits.MAX_COLUMNS", 3)
    with pytest.raises(ImportRefusedError) as caught:
        read(b'[{"a": 1, "b": 2}, {"c": 3, "d": 4}]')
    assert "3 noms différents" in str(caught.value.problems[0])


def test_people_are_refused_in_a_list_too() -> None:
    rows = [{"nom": "DURAND", "prenom": "Anne", "date de naissance": f"0{day}/03/1961"} for day in range(1, 10)]
    with pytest.raises(ImportRefusedError):
        read(json.dumps(rows).encode())


def test_headings_in_brackets_are_headings() -> None:
    assert read_table("a.csv", b"[Code];[Nom]\nNA;Sodium\n").headings == ("[Code]", "[Nom]")


def test_a_fhir_resource_stays_one_and_no_encoding_is_asked_of_a_list() -> None:
    assert looks_like_fhir(b'{"resourceType": "Bundle", "entry": []}')
    assert not looks_like_fhir(LIST.encode())
    assert asked_dialect("a.json", LIST.encode(), "cp1252") is None
