"""Value sets and the NABM alignment: workbooks, CSV files and FHIR, whatever their headings."""

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import Session, func, select

from app.errors import InvalidInputError
from app.models import LoincTerm, ValueSet, ValueSetKind, ValueSetMember, utc_now
from app.platform.database import Transactions, reading, transaction
from app.terminology import value_sets
from app.terminology.service import store_release
from app.terminology.value_set_files import ColumnMap, ParsedSet, parse_value_sets, version_in
from loinc_data.checkdigit import check_digit
from matcher.types import Term

CODES = ["2951-2", "2823-3", "2075-0", "1963-8", "14749-6"]


def csv_of(*rows: tuple[str, ...], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(";".join(row) for row in rows).encode(encoding)


def workbook(**sheets: list[tuple[str, ...]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def parse_one(name: str, content: bytes, **columns: Any) -> ParsedSet:
    (parsed,) = parse_value_sets(name, content, ColumnMap(**columns))
    return parsed


def test_a_csv_with_unknown_headings(session: Session) -> None:
    content = csv_of(
        ("Rubrique", "Identifiant", "Désignation usuelle"),
        ("", "2951-2", "Sodium [Moles/Volume] Sérum/Plasma"),
        ("", "2823-3", "Potassium"),
        ("", "X12345", "Code d'attente"),
        encoding="cp1252",
    )
    parsed = parse_one("circuit_biologie_20260701.csv", content)
    assert parsed.kind is ValueSetKind.CIRCUIT_BIOLOGIE
    assert parsed.version == "20260701"
    assert parsed.members == {"2951-2": "Sodium [Moles/Volume] Sérum/Plasma", "2823-3": "Potassium"}
    assert parsed.ignored_rows == 1


def test_columns_can_be_named() -> None:
    content = csv_of(("Ancien", "Nouveau", "Texte"), ("2075-0", "2951-2", "Sodium"), ("1963-8", "2823-3", "Potassium"))
    parsed = parse_one(
        "liste.csv", content, kind=ValueSetKind.BIOLOGIE_FRANCE, code="nouveau", label="TEXTE", version="v3", title="T"
    )
    assert parsed.members == {"2951-2": "Sodium", "2823-3": "Potassium"}
    assert (parsed.version, parsed.title) == ("v3", "T")
    with pytest.raises(InvalidInputError, match="La colonne «\u202fabsente\u202f» n'existe pas"):
        parse_one("liste.csv", content, kind=ValueSetKind.BIOLOGIE_FRANCE, label="absente")
    with pytest.raises(InvalidInputError, match="aucune colonne de codes LOINC"):
        parse_one("liste.csv", content, kind=ValueSetKind.BIOLOGIE_FRANCE, code="absente")


def test_a_workbook_with_its_chapters_and_its_alignment() -> None:
    content = workbook(
        Lisez_moi=[("Jeu de valeurs LOINC Biologie France",), ("version 2.20",)],
        Jeu_de_valeurs=[("Titre", "", ""), ("Code LOINC", "Libellé anglais", "Libellé français"),
                        *[(code, "name", f"nom {code}") for code in CODES]],
        Suppressions=[("Code LOINC", "Libellé"), ("2345-7", "Glucose")],
        **{"2.Chapitres_LOINC": [("Code", "Libellé"), ("18717-9", "Immuno-hématologie"), ("18725-2", "Microbiologie")]},
        **{"Alignement_NABM-LOINC_FR": [
            ("Code NABM", "Libellé NABM", "Code LOINC", "Libelle LOINC"),
            ("1610", "SODIUM", "2951-2", "Sodium"), ("552", "GLUCOSE", "14749-6", "Glucose"),
            ("", "?", "2823-3", "K")]},
    )  # fmt: skip
    found = {
        parsed.kind: parsed for parsed in parse_value_sets("LOINC_Biologie_France_2.20.xlsx", content, ColumnMap())
    }
    assert set(found) == {ValueSetKind.BIOLOGIE_FRANCE, ValueSetKind.CHAPTERS, ValueSetKind.NABM}
    assert found[ValueSetKind.BIOLOGIE_FRANCE].members["2951-2"] == "nom 2951-2"
    assert len(found[ValueSetKind.BIOLOGIE_FRANCE].members) == len(CODES)
    assert found[ValueSetKind.CHAPTERS].members["18725-2"] == "Microbiologie"
    assert found[ValueSetKind.NABM].pairs == [
        ("1610", "SODIUM", "2951-2", "Sodium"),
        ("0552", "GLUCOSE", "14749-6", "Glucose"),
    ]
    assert found[ValueSetKind.NABM].ignored_rows == 1


def test_one_sheet_can_be_asked_for() -> None:
    content = workbook(Un=[("Code LOINC",), ("2951-2",)], Deux=[("Code LOINC",), ("2823-3",), ("2075-0",)])
    parsed = parse_one("circuit.xlsx", content, sheet="un")
    assert list(parsed.members) == ["2951-2"]
    with pytest.raises(InvalidInputError, match="pas de feuille «\u202fTrois\u202f»"):
        parse_one("circuit.xlsx", content, sheet="Trois")


def value_set_json(**changes: Any) -> bytes:
    resource = {
        "resourceType": "ValueSet",
        "name": "JdvCircuitBiologie",
        "title": "Circuit de la biologie",
        "version": "20260101120000",
        "compose": {
            "include": [
                {
                    "system": "http://loinc.org",
                    "concept": [
                        {"code": "2951-2", "display": "Sodium",
                         "designation": [{"language": "fr-FR", "value": "Sodium sérique"}]},
                        {"code": "2823-3", "display": "Potassium"},
                    ],
                },
                {"system": "urn:oid:1.2.250.1.213.1.1.5.130", "concept": [{"code": "2075-0"}]},
            ]
        },
        **changes,
    }  # fmt: skip
    return json.dumps(resource).encode()


def test_a_fhir_value_set() -> None:
    parsed = parse_one("vs.json", value_set_json())
    assert parsed.kind is ValueSetKind.CIRCUIT_BIOLOGIE
    assert parsed.version == "20260101120000"
    assert parsed.members == {"2951-2": "Sodium sérique", "2823-3": "Potassium"}
    assert parsed.ignored_rows == 1


def test_an_expansion_wins_over_the_composition() -> None:
    expansion = {
        "contains": [
            {"abstract": True, "contains": [{"system": "http://loinc.org", "code": "2075-0", "display": "Chlorure"}]},
            {"system": "http://loinc.org", "code": "1963-8"},
        ]
    }
    parsed = parse_one("vs.json", value_set_json(expansion=expansion))
    assert parsed.members == {"2075-0": "Chlorure", "1963-8": ""}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("circuit.json", b'{"resourceType": "ValueSet"', "JSON lisible"),
        ("circuit.json", b'{"resourceType": "CodeSystem"}', "ValueSet FHIR"),
        ("circuit.json", value_set_json(compose={"include": [{"system": "http://loinc.org"}]}), "aucun code LOINC"),
        ("autre.json", value_set_json(title="x", name="y"), "précisez le type"),
        ("circuit.csv", b"a;b\r\n1;2\r\n", "aucune colonne de codes LOINC"),
        ("circuit.csv", csv_of(("Code LOINC",), ("1-feb",), ("2-mars",), ("2951-2",)), "en date"),
        ("liste.csv", csv_of(("Code LOINC",), ("2951-2",)), "Précisez son type"),
        ("circuit.bin", b"\x00\x01\x02", "ni un classeur XLSX"),
        ("circuit.csv", b"Code LOINC;Nom\r\n" + 2000 * b"2951-2;Sodium\r\n" + b"2823-3;a\x00\r\n", "ni un classeur"),
        ("circuit.json", b'{"resourceType": "ValueSet", "title": "Circuit \\ud800"}', "moitié d'un caractère"),
        ("circuit.json", b"[1]", "caractère|ni un classeur|aucune colonne"),
        ("circuit.xlsx", b"PK\x03\x04 cut", "abîmé"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        parse_value_sets(name, content, ColumnMap())


def load(session: Session, name: str, content: bytes) -> list[value_sets.LoadedSet]:
    # As in the application, where each file has a transaction that opens once the file is read.
    session.commit()
    found = value_sets.load_value_sets(Transactions(session.get_bind().engine), name, content, ColumnMap())
    session.commit()
    return found


def test_the_newest_list_is_used_and_the_older_one_stays(session: Session) -> None:
    assert value_sets.codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE) is None
    (old,) = load(session, "circuit_2025.csv", csv_of(("Code LOINC",), ("2951-2",)))
    (new,) = load(session, "circuit_2026.csv", csv_of(("Code LOINC",), ("2951-2",), ("2823-3",)))
    assert value_sets.codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE) == {"2951-2", "2823-3"}
    assert [item.version for item in value_sets.value_sets(session)] == ["2026", "2025"]
    (again,) = load(session, "circuit_2025.csv", csv_of(("Code LOINC",), ("2951-2",)))
    assert not again.is_new
    assert again.value_set.id == old.value_set.id
    assert "déjà chargé" in again.sentence()
    assert "2 codes" in new.sentence()
    assert value_sets.codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE) == {"2951-2"}


def test_outside_circuit_says_nothing_when_nobody_knows(session: Session) -> None:
    assert value_sets.outside_circuit(session, CODES) == frozenset()
    load(session, "circuit.csv", csv_of(("Code LOINC",), ("2951-2",), ("2823-3",)))
    assert value_sets.outside_circuit(session, ["2951-2", "2075-0"]) == {"2075-0"}


def test_siblings_inside_the_circuit(session: Session) -> None:
    def term(code: str, property_: str, method: str = "") -> Term:
        return Term(code, "Glucose", property_, "Pt", "Ser/Plas", "Qn", method)

    terms = [
        term("2345-7", "MCnc"),
        term("14749-6", "SCnc", "IA"),
        term("14770-2", "SCnc"),
        Term("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn"),
    ]
    release = store_release(session, version="1", kind="starter", terms=terms)
    asked = LoincTerm(
        release_id=release.id, loinc_num="1-8", component="Glucose", property="SCnc", system="Ser/Plas", scale_typ="Qn"
    )  # type: ignore[arg-type]
    assert value_sets.siblings_in_circuit(session, asked) == []
    load(session, "circuit.csv", csv_of(("Code LOINC",), ("2345-7",), ("14749-6",), ("14770-2",), ("2951-2",)))
    found = value_sets.siblings_in_circuit(session, asked)
    assert [item.loinc_num for item in found] == ["14770-2", "14749-6", "2345-7"]


def test_the_alignment_is_many_to_many(session: Session) -> None:
    content = csv_of(
        ("Code NABM", "Libellé NABM", "Code LOINC", "Libelle LOINC"),
        ("0552", "GLUCOSE", "14749-6", "Glucose"),
        ("0552", "GLUCOSE", "2345-7", "Glucose"),
        ("0553", "AUTRE", "2345-7", "Glucose"),
    )
    (loaded,) = load(session, "alignement.csv", content)
    assert loaded.value_set.kind == ValueSetKind.NABM
    assert [item.nabm for item in value_sets.nabm_of(session, "2345-7")] == ["0552", "0553"]
    assert [item.nabm for item in value_sets.nabm_of(session, "14749-6")] == ["0552"]
    assert value_sets.nabm_of(session, "2951-2") == []


def test_memberships(session: Session) -> None:
    load(session, "circuit.csv", csv_of(("Code LOINC", "Libellé"), ("2951-2", "Sodium sérique")))
    ((value_set, label),) = value_sets.memberships(session, "2951-2", 0)
    assert (value_set.kind, label) == (ValueSetKind.CIRCUIT_BIOLOGIE, "Sodium sérique")
    assert value_sets.memberships(session, "2823-3", 0) == []


@pytest.mark.parametrize(
    ("name", "version"),
    [("circuit_v1.1.19.xlsx", "1.1.19"), ("LOINCFR_JeuDeValeurs_2023.xlsx", "2023"), ("liste.csv", ""),
     ("circuit_2026-07-01.csv", "2026-07-01")],
)  # fmt: skip
def test_version_in(name: str, version: str) -> None:
    assert version_in(name) == version


def big_list(rows: int) -> bytes:
    codes = (f"{number}-{check_digit(str(number))}" for number in range(1000, 1000 + rows))
    return csv_of(("Code LOINC", "Libellé"), *((code, f"Code {code}") for code in codes))


def test_a_long_list_is_stored_in_pieces_that_nobody_sees(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_sets.repository, "CHUNK", 10)
    seen: list[tuple[int, int, int]] = []
    pause = value_sets.give_way

    def look(given: Engine) -> None:
        with reading(engine) as session:
            stored = session.exec(select(func.count()).select_from(ValueSetMember)).one()
            shown = len(value_sets.value_sets(session))
            used = value_sets.codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE)
        seen.append((stored, shown, len(used or ())))
        pause(given)

    monkeypatch.setattr(value_sets, "give_way", look)
    (loaded,) = value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(35), ColumnMap())
    assert seen == [(10, 0, 0), (20, 0, 0), (30, 0, 0), (35, 0, 0)]
    with reading(engine) as session:
        assert len(value_sets.codes_of(session, ValueSetKind.CIRCUIT_BIOLOGIE) or ()) == 35
        assert [item.id for item in value_sets.value_sets(session)] == [loaded.value_set.id]


def test_what_an_interrupted_load_left_is_removed_by_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_engine: Engine) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(value_sets.repository, "CHUNK", 10)
        patched.setattr(value_sets, "give_way", stop)
        with pytest.raises(KeyboardInterrupt):
            value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(35), ColumnMap())
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ValueSetMember)).one() == 10
        assert value_sets.value_sets(session) == []
    value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(5), ColumnMap())
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ValueSetMember)).one() == 15, "it may be at work still"
    with transaction(engine) as session:
        left = session.exec(select(ValueSet).where(ValueSet.content_hash == "")).one()
        left.loaded_at = utc_now() - 2 * value_sets.UNFINISHED_FOR
        session.add(left)
    value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(6), ColumnMap())
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ValueSetMember)).one() == 11
        assert len(session.exec(select(ValueSet)).all()) == 2


def test_a_list_that_somebody_stored_meanwhile_is_stored_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(5), ColumnMap())[0]
    known, answers = value_sets._known, [None]

    def late(*given: Any) -> ValueSet | None:
        # At its first look the other one is not there yet.
        return answers.pop() if answers else known(*given)

    monkeypatch.setattr(value_sets, "_known", late)
    (again,) = value_sets.load_value_sets(Transactions(engine), "circuit.csv", big_list(5), ColumnMap())
    assert (again.value_set.id, again.is_new) == (first.value_set.id, False)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ValueSetMember)).one() == 5
        assert len(session.exec(select(ValueSet)).all()) == 1
