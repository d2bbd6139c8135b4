"""Patients are refused; catalogues that merely look a little like it are not."""

import io
import random
import uuid

import pytest
from openpyxl import Workbook

from app.errors import ImportRefusedError
from app.files.guard import refuse_patient_data
from app.files.records import Dialect
from app.files.tabular import check_content, read_table
from app.patient_guard.numbers import LIKELY, is_form, is_keyed, numbers_in

NAMES = "Marie Jean Louise Pierre Anne Paul Sophie Luc".split()

FOREIGN = ("Aïcha", "Awa", "Youssef", "João", "Noah")
SURNAMES = "DURAND PETIT MOREAU ROUX LEROY GARCIA DIALLO KOWALSKA".split()
PEOPLE = list(zip(SURNAMES, NAMES, strict=True))


def lines(*rows: str) -> bytes:
    return "\n".join(rows).encode()


@pytest.mark.parametrize(
    "content",
    [
        lines("NOM;PRENOM;NAISSANCE;GLYC;UREE", "X;Y;01/02/1960;1;2"),
        lines("Code;Libellé;IPP", "A;B;12"),
        lines("Dossier;Nom patient;Analyse", "12;X;NA"),
        lines("Code analyse;Date de naissance", "NA;01/02/1960"),
        lines("INS;Code;Libellé", "1;A;B"),
        lines("N° Sécu;Code;Libellé", "1;A;B"),
        lines("Né(e) le;Code;Libellé", "1;A;B"),
        lines("Nom;Sexe;Age;Code", "X;M;45;NA"),
        lines("Nom;Sexe;Age;Valeur;Unité", "X;M;45;5,2;mmol/L"),
        lines("Nom;Dossier;Analyse", "X;12;NA"),
        lines("last name,first name,test", "x,y,z"),
        # A title above, or a header row that was not recognised as such.
        lines("Extraction du jour;;", "NOM;PRENOM;NAISSANCE", "X;Y;Z"),
        # Nothing in the headings, everything in the values.
        lines(*[f"{name};{n};mmol/L" for n, name in enumerate(NAMES)]),
        lines(*[f"A{n};Analyse;{n + 1:02d}/03/{1930 + 7 * n}" for n in range(9)]),
        lines("Code;Libellé;Divers", "A;B;1 85 05 78 006 084 91", "B;C;2 99 12 2A 006 084 90"),
        # Without key, with two-digit years, in one block, as labels, in sentences, few among many.
        lines("Code;Libellé;Réf", *[f"A{n};B;1{60 + n}0{n + 1}75{n}{n}1234" for n in range(8)]),
        lines("Code;Libellé;Date", *[f"A{n};B;1{n}/03/{35 + 8 * n}" for n in range(8)]),
        lines("Code;Libellé;Jour", *[f"A{n};B;{1940 + 6 * n}031{n}" for n in range(8)]),
        lines("Code;Libellé", *[f"{n};{surname} {name.upper()}" for n, (surname, name) in enumerate(PEOPLE)]),
        lines("Code;Libellé;Bénéficiaire", *[f"{n};B;{name}, {surname}" for n, (surname, name) in enumerate(PEOPLE)]),
        lines("Code;Libellé;Qui", *[f"{n};B;{surname}^{name}" for n, (surname, name) in enumerate(PEOPLE)]),
        lines("Code;Libellé;P", *[f"{n};B;{name}" for n, name in enumerate(FOREIGN)]),
        lines("Code;Libellé;Note", "A;B;Mme DURAND Anne à rappeler", "C;D;voir M. PETIT Paul"),
        lines("Code;Libellé;Note", "A;B;rappel, née le 12/04/1983", *[f"C{n};D;" for n in range(400)]),
        lines("Code;Libellé;Note", *[f"C{n};D;" for n in range(4000)], "A;B;dossier 185057800608491 à revoir"),
        lines("Dossier;Initiales;Code;Résultat", "1;AB;NA;5"),
        lines("Code;Libellé;MRN", "A;B;1"),
        lines("Test;Given names;Surname", "A;B;C"),
        lines("Code;Libellé;Age patient", "A;B;45"),
    ],
)
def test_patients_are_refused(content: bytes) -> None:
    with pytest.raises(ImportRefusedError, match="données de patients"):
        refuse_patient_data(read_table("a.csv", content))


@pytest.mark.parametrize(
    "content",
    [
        lines("Code;Nom;Unité", "NA;Sodium;mmol/L"),
        lines("Nom;Sexe;Age;Borne basse;Unité", "Sodium;M;0-99;135;mmol/L"),
        lines("Code;Nom usuel;Milieu", "NA;Sodium;Sérum"),
        # Lines of a catalogue that speak of patients without being about one.
        lines("Code;Libellé", "POIDS;POIDS DU PATIENT", "DDN;DATE DE NAISSANCE", "INS;INSULINE", "IPP;IPP"),
        lines("NA;SODIUM;Sérum", "DDN;DATE DE NAISSANCE;", "K;POTASSIUM;Sérum"),
        lines("Code;Libellé;Créée le", *[f"A{n};B;0{n}/03/20{10 + n}" for n in range(1, 9)]),
        lines("Code;Libellé;Laboratoire exécutant", *[f"A{n};B;Claude Bernard" for n in range(9)]),
        lines("Code;Libellé;EAN", "A;B;3400930000120", "B;C;3400930000137"),
        lines("Code;Libellé;Age patient min;Age patient max", "A;B;0;99"),
        lines("Code;Libellé;Référent", *[f"A{n};B;{name}" for n, name in enumerate(NAMES)]),
        lines("Code;Libellé;Validé par", *[f"{n};B;{surname} {name}" for n, (surname, name) in enumerate(PEOPLE)]),
        lines("Code;Nom", "W;Widal et Félix", "F;Fernand Widal", "B;Bence Jones", "P;Paul Bunnell", "G;Marie Guillain"),
        lines("Code;Libellé;Note", "A;Bilirubine du nouveau-né le 3e jour;né le 3 ou le 4"),
        # Of long article numbers, some have by chance the key of a social security number.
        lines("Code;Libellé;Article", *[f"A{n};B;1850578006084{n:02}" for n in range(60, 97)]),
        lines("Demande;Libellé;Résultat", "NFS;Hémoglobine;HB"),
    ],
)
def test_catalogues_are_accepted(content: bytes) -> None:
    refuse_patient_data(read_table("a.csv", content))


def test_what_the_user_says_of_the_header_does_not_open_the_door() -> None:
    table = read_table("a.csv", lines("Code;Prénom", "1;2", "3;4"))
    assert table.dialect.header_rows == 1
    content = lines("Code;Prénom", "1;2", "3;4")
    with pytest.raises(ImportRefusedError, match="ligne 1, colonne « Prénom »"):
        refuse_patient_data(read_table("a.csv", content, Dialect(header_rows=0)))


def test_hidden_sheets_are_looked_at() -> None:
    workbook = Workbook()
    workbook.active.append(["Code", "Libellé"])
    workbook.active.append(["NA", "Sodium"])
    hidden = workbook.create_sheet("Données")
    hidden.append(["Nom", "Prénom"])
    hidden.append(["X", "Y"])
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    workbook.save(buffer)
    with pytest.raises(ImportRefusedError, match="feuille « Données »"):
        refuse_patient_data(read_table("a.xlsx", buffer.getvalue()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("185057800608491", True),
        ("1 85 05 78 006 084 91", True),
        ("185057800608492", False),
        ("1 85 05 78 006 084", True),
        ("1850578006084", True),
        ("3400930000120", False),
        ("2951-2", False),
        ("", False),
    ],
)
def test_social_security_numbers(text: str, expected: bool) -> None:
    assert (is_keyed(text) or is_form(text)) is expected


def test_the_version_of_a_state_is_no_number_of_a_person() -> None:
    seconds = [f"{hour:02}{minute:02}{second:02}" for hour in (9, 17) for minute in range(60) for second in range(60)]
    alike = [(second, digit) for second in seconds for digit in range(10) if is_keyed(f"20261129{second}{digit}")]
    assert len(alike) > 500, "one moment in about a hundred, with each digit"
    for second, digit in alike:
        for version in (f"20261129.{second}-{digit}a1b2c3d", f"20261129{second}-{digit}a1b2c3d"):
            assert not numbers_in(f"Version de l'état : {version}, du 29/11/2026").keyed, version
        assert numbers_in(f"20261129.{second}-{digit}").keyed, "nothing tells it from a number"


def test_a_column_of_identifiers_drawn_by_lot_is_no_person() -> None:
    drawn = random.Random(20261129)
    rows = [f"{uuid.UUID(int=drawn.getrandbits(128), version=4)}" for _ in range(50_000)]
    rows += [drawn.randbytes(32).hex() for _ in range(50_000)]
    rows = [row for row in rows if LIKELY.search(row)]
    assert not [row for row in rows if (found := numbers_in(row)).keyed or found.form]
    alike = [row for row in rows if (found := numbers_in(f"{row}-")).keyed or found.form]
    assert len(alike) > 5, "it is their whole shape that tells"
    assert numbers_in("185057800608491 d4735e3a-265e-46ee-a03f-59718b9b5d03").keyed


def test_who_transcoded_and_when_is_no_patient() -> None:
    people = ("Anne Roy", "Marie Sy", "Paul Ba", "Jean Le", "Julie Do", "Pierre Ka", "Sophie Ly")
    rows = [f"C{n};Analyse {n};2951-2;{name};0{n + 1}/03/1975" for n, name in enumerate(people)]
    text = "\n".join(["code;libelle;Code LOINC;Décidé par;Décidé le", *rows])
    refuse_patient_data(read_table("a.csv", text.encode()))
    with pytest.raises(ImportRefusedError):
        refuse_patient_data(read_table("a.csv", text.replace("Décidé par;Décidé le", "Qui;Quand").encode()))


def test_the_rows_are_named_and_nothing_of_what_they_say() -> None:
    rows = [f"{n};B;{surname} {name}" for n, (surname, name) in enumerate(PEOPLE)]
    with pytest.raises(ImportRefusedError) as refused:
        refuse_patient_data(read_table("a.csv", lines("Code;Libellé;Qui", *rows)))
    (problem,) = map(str, refused.value.problems)
    assert "colonne « Qui » : lignes 2, 3, 4, 5, 6, 7, 8, 9 : cette colonne ressemble" in problem
    assert "DURAND" not in problem


@pytest.mark.parametrize(
    "content",
    [
        b"H|~^\\&|HPRIM||LABO||ORU\rP|1|80000|||X^Y||19600101|M\r",
        b"MSH|^~\\&|LABO\rPID|1||12\r",
        b"PID|1||12||X^Y\r",
        b"P|1|80000|||X^Y||19600101|M\r",
    ],
)
def test_messages_of_results_are_refused_by_their_name(content: bytes) -> None:
    with pytest.raises(ImportRefusedError, match="c'est un message"):
        check_content("a.csv", content, 1_000_000)


@pytest.mark.parametrize(
    "content",
    [
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType" : "Patient", "id": "1"}}]}',
        b'{"resourceType": "ObservationDefinition", "contained": [{"resourceType":"RelatedPerson"}]}',
        b'<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient/></resource></entry></Bundle>',
    ],
)
def test_fhir_that_holds_people_is_refused(content: bytes) -> None:
    with pytest.raises(ImportRefusedError, match="ressource Patient"):
        check_content("a.json", content, 1_000_000)


def test_fhir_that_speaks_of_patients_is_accepted() -> None:
    content = b'{"resourceType": "CodeSystem", "concept": [{"code": "A", "display": "Patient"}], "subject": "Patient"}'
    check_content("a.json", content, 1_000_000)
