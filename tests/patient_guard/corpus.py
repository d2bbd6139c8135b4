"""Files that hold invented patients, and innocent ones that look a little like them, each kind in several formats."""

import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.comments import Comment

from tests.patient_guard import attacked, in_disguise, innocent, look_alikes, one_person
from tests.patient_guard.invented import (
    FORMATS,
    Person,
    Rows,
    analysis,
    csv_bytes,
    grouped,
    keyed,
    people,
    xlsx_bytes,
    zip_bytes,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One file: its kind in French, its name, and whether it holds patients."""

    kind: str
    name: str
    content: bytes
    holds_patients: bool


def _noted(
    heading: str, said: Callable[[Person], str], *, rows: int = 12, among: int = 0, department: str = "75"
) -> Rows:
    """A catalogue with a note about somebody in some rows: in each, or in a few of `among` rows."""
    crowd = people(rows, rows + among + len(heading), department)
    total = max(rows, among)
    places = {(place * total) // rows + (1 if among else 0): person for place, person in enumerate(crowd)}
    found: list[list[str]] = [["Code", "Libellé", "Unité", heading]]
    for place in range(total):
        code, label, unit = analysis(place)
        found.append([code, label, unit, said(places[place]) if place in places else ""])
    return found


def _two_columns() -> Rows:
    """A few people among the rows of a catalogue, in columns that hold other things too."""
    crowd = {40 * place: person for place, person in enumerate(people(5, 21))}
    found: list[list[str]] = [["Code", "Libellé", "Zone A", "Zone B"]]
    for place in range(200):
        person = crowd.get(place)
        found.append(
            [*analysis(place)[:2], *((person.surname, person.first_name) if person else ("SECTEUR", "Paillasse"))]
        )
    return found


def _rng() -> random.Random:
    return random.Random(11)


def _tables() -> dict[str, tuple[str, Rows]]:
    """Kind -> (formats, rows)."""
    rng = _rng()
    crowd = people(16, 5)
    dump = [
        [
            f"2601{place:02d}",
            *analysis(place % 4)[:2],
            f"{rng.randint(20, 90) / 10}",
            analysis(place % 4)[2],
            f"1{place % 9}/03/2026",
        ]
        for place in range(24)
    ]
    return {
        "NIR de 15 chiffres": ("csv xlsx txt", _noted("Divers", lambda p: keyed(p.number(rng)))),
        "NIR de 15 chiffres, groupé, dans une remarque": (
            "csv json",
            _noted("Remarque", lambda p: f"voir {grouped(keyed(p.number(rng)))} demain", rows=3, among=300),
        ),
        "un seul NIR parmi 3 000 lignes": (
            "csv xlsx",
            _noted("Note", lambda p: f"dossier {keyed(p.number(rng))}", rows=1, among=3000),
        ),
        "NIR de 13 chiffres": ("csv xlsx md", _noted("Réf", lambda p: p.number(rng))),
        "NIR de 13 chiffres, seul parmi 400 lignes": (
            "csv",
            _noted("Réf", lambda p: p.number(rng), rows=1, among=400),
        ),
        "NIR à points, tirets ou clé à part": (
            "csv json",
            _noted("N°", lambda p: f"{grouped(p.number(rng), '-')} clé {keyed(p.number(rng))[13:]}"),
        ),
        "NIR de Corse (2A, 2B)": ("csv xlsx", _noted("Divers", lambda p: keyed(p.number(rng)), department="2A")),
        "NIR d'outre-mer (97x)": (
            "csv md",
            _noted("Divers", lambda p: grouped(keyed(p.number(rng)), "."), department="974"),
        ),
        "NIR de personnes nées à l'étranger (99)": (
            "csv",
            _noted("Divers", lambda p: keyed(p.number(rng)), department="99"),
        ),
        "numéros provisoires (7, 8)": (
            "csv xlsx",
            _noted("Divers", lambda p: grouped(keyed(p.number(rng, "78"[p.sex == "F"])))),
        ),
        "naissances jj/mm/aa": ("csv md", _noted("Date", lambda p: p.born("{d:02}/{m:02}/{s:02}"))),
        "naissances aaaammjj": ("csv xlsx", _noted("Date", lambda p: p.born("{y}{m:02}{d:02}"))),
        "naissances en toutes lettres": ("csv json", _noted("Jour", lambda p: p.born("{d} {month} {y}"))),
        "naissances à l'anglaise": ("csv", _noted("Day", lambda p: p.born("{d:02}-{en}-{y}"))),
        "« né(e) le … » dans un texte": (
            "csv txt",
            _noted("Commentaire", lambda p: p.born("rappel, née le {d} {month} {y}"), rows=1, among=500),
        ),
        "« DDN », « DOB » dans un texte": (
            "csv json",
            _noted("Info", lambda p: p.born("contrôle DDN : {d:02}.{m:02}.{y}"), rows=2, among=60),
        ),
        "cinq naissances parmi 300 lignes": (
            "csv",
            _noted(
                "Remarque", lambda p: p.born("{d:02}/{m:02}/1{y}"[:22].replace("1{y}", "{y}")), rows=12, among=300
            ),
        ),
        "NOM Prénom comme libellé": (
            "csv md",
            [["Code", "Libellé"], *([str(n), f"{p.surname} {p.first_name}"] for n, p in enumerate(crowd))],
        ),
        "NOM PRÉNOM en capitales": (
            "csv cp1252.csv",
            [["Code", "Libellé"], *([str(n), f"{p.surname} {p.first_name.upper()}"] for n, p in enumerate(crowd))],
        ),
        "Prénom Nom sous un en-tête quelconque": (
            "csv xlsx",
            _noted("Zone 4", lambda p: f"{p.first_name} {p.surname.title()}"),
        ),
        "NOM, Prénom et NOM^Prénom": ("csv", _noted("Zone", lambda p: f"{p.surname}, {p.first_name}")),
        "« Bénéficiaire », « Assuré »": ("csv xlsx", _noted("Bénéficiaire", lambda p: f"{p.surname} {p.first_name}")),
        "prénoms étrangers sur deux colonnes": (
            "csv txt",
            [
                ["Code", "Libellé", "Pers1", "Pers2"],
                *([*analysis(n)[:2], p.surname, p.first_name] for n, p in enumerate(crowd)),
            ],
        ),
        "nom et prénom sur deux colonnes, peu de lignes": ("csv xlsx", _two_columns()),
        "prénoms seuls": (
            "csv",
            [["Code", "Libellé", "Zone"], *([*analysis(n)[:2], p.first_name] for n, p in enumerate(crowd))],
        ),
        "deux noms et leur sexe": (
            "csv",
            [
                ["Code", "Libellé", "Zone", "Zone 2"],
                ["GLU", "Glucose", "Sandrine Lefebvre", "F"],
                ["NA", "Sodium", "Youssef Benali", "M"],
                *([*analysis(n)[:2], "", "M"] for n in range(3, 14)),
            ],
        ),
        "une seule civilité": (
            "csv",
            [
                *_noted("Note", lambda p: p.surname, rows=0, among=30),
                ["K9", "Potassium", "mmol/L", "rappeler Mlle Zielonka Agnieszka"],
            ],
        ),
        "civilités et noms seuls": (
            "csv",
            _noted("Note", lambda p: f"appel de Mme {p.surname} ce matin", rows=6, among=60),
        ),
        "cinq noms parmi 3 000 lignes": (
            "csv xlsx",
            _noted("Remarque", lambda p: f"{p.surname} {p.first_name}", rows=5, among=3000),
        ),
        "civilités (Mme, M., Mlle)": (
            "csv json",
            _noted("Commentaire", lambda p: f"Rappeler Mme {p.surname} {p.first_name} SVP", rows=2, among=40),
        ),
        "nom et date dans une cellule": (
            "csv",
            _noted("Note", lambda p: p.born(f"{p.surname} {p.first_name} {{d:02}}/{{m:02}}/{{y}}"), rows=1, among=80),
        ),
        "Given / Surname / Born": (
            "csv json",
            [
                ["Test", "Given", "Surname", "Born"],
                *(
                    [analysis(n)[1], p.first_name, p.surname, p.born("{y}-{m:02}-{d:02}")]
                    for n, p in enumerate(crowd)
                ),
            ],
        ),
        "MRN et Patient": (
            "csv xlsx",
            [
                ["Code", "Label", "MRN", "Patient"],
                *([*analysis(n)[:2], str(7700 + n), f"{p.surname}, {p.first_name}"] for n, p in enumerate(crowd)),
            ],
        ),
        "IPP, identité": (
            "csv",
            [["Code", "Libellé", "IPP"], *([*analysis(n)[:2], str(80000 + n)] for n in range(9))],
        ),
        "nom, sexe et naissance sans en-têtes": (
            "csv xlsx",
            [[p.surname, p.first_name, p.sex, p.born("{d:02}/{m:02}/{y}")] for p in crowd[:6]],
        ),
        "dossier, initiales, résultat, date": (
            "csv md",
            [
                ["Dossier", "Initiales", "Code", "Résultat", "Date prélèvement"],
                *([row[0], "AB", row[1], row[3], row[5]] for row in dump),
            ],
        ),
        "résultats sans en-têtes": ("csv txt", dump),
        "résultats avec initiales, sous des en-têtes quelconques": (
            "csv xlsx",
            [
                ["A", "B", "C", "D", "E"],
                *([row[0], "ABCDEFGH"[n % 8] + "KLMNP"[n % 5], row[1], row[2], row[3]] for n, row in enumerate(dump)),
            ],
        ),
    }


def _messages() -> dict[str, list[tuple[str, bytes]]]:
    """Kind -> files (name, content) that are no table, or hold a message."""
    p = people(1, 3)[0]
    day = p.born("{y}{m:02}{d:02}")
    who = f"{p.surname}^{p.first_name}||{day}|{p.sex}"
    head = "MSH|^~\\&|SGL|LABO|||20260312||ORU^R01|1|P|2.5"
    hl7 = f"{head}\rPID|1||80012||{who}\rOBX|1|NM|GLU||5.2"
    hprim = f"H|~^\\&|HPRIM||SGL||ORU\rP|1|80012|||{p.surname}^{p.first_name}||{day}|{p.sex}\rOBR|1|1||GLU"
    astm = f"\x021H|\\^&|||SGL\r\x032P|1||80012||{p.surname}^{p.first_name}||{day}|{p.sex}\r"
    cda = (
        '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id extension="1"/>'
        f"</patientRole></recordTarget><title>{p.surname}</title></ClinicalDocument>"
    )
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": p.surname, "given": [p.first_name]}]}
    definition = {"resourceType": "ObservationDefinition", "status": "active", "code": {"text": "Glucose"}}
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"display": f"{p.surname} {p.first_name}"},
    }
    quoted = [["Code", "Libellé", "Exemple"], ["GLU", "Glucose", hl7.replace("\r", " ")], ["NA", "Sodium", ""]]
    told = {
        **definition,
        "description": f"Demandé par {p.surname} {p.first_name}, née le {p.born('{d:02}/{m:02}/{y}')}",
    }
    xml = f'<Patient xmlns="http://hl7.org/fhir"><name><family value="{p.surname}"/></name></Patient>'
    as_json = {
        "FHIR : Patient": patient,
        "FHIR : Patient contenu": {**definition, "contained": [patient]},
        "FHIR : Patient d'un Bundle": {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": definition}, {"resource": patient}],
        },
        "FHIR : Observation d'un sujet": observation,
        "FHIR : naissance dans une description": told,
    }
    return {
        "HL7 v2": [
            ("a.hl7", hl7.encode()),
            ("a.csv", b"Export du jour\r\n" + hl7.encode()),
            ("a.txt", hl7.encode("utf-16")),
        ],
        "HL7 v2 en trame MLLP": [("a.dat", b"\x0b" + hl7.encode() + b"\x1c\r")],
        "HL7 v2 dans une cellule": [("a.csv", csv_bytes(quoted)), ("a.xlsx", xlsx_bytes(quoted))],
        "HL7 v2 en colonnes": [
            (
                "a.xlsx",
                xlsx_bytes(
                    [["PID", "1", "", "80012", "", f"{p.surname}", day], ["OBX", "1", "NM", "GLU", "", "5.2", ""]]
                ),
            ),
        ],
        "HPRIM": [("a.hpr", hprim.encode()), ("a.txt", hprim.encode("utf-16"))],
        "ASTM": [("a.astm", astm.encode())],
        "CDA": [("a.xml", cda.encode()), ("b.xml", cda.encode("utf-16"))],
        "FHIR en XML": [("a.xml", xml.encode())],
        **{kind: [("a.json", json.dumps(value, ensure_ascii=False).encode())] for kind, value in as_json.items()},
        "dans une archive zip": [
            ("a.zip", zip_bytes("message.txt", hl7.encode())),
            ("b.zip", zip_bytes("lettre.xml", cda.encode())),
            ("c.zip", zip_bytes("patient.json", json.dumps(patient).encode())),
            ("d.zip", zip_bytes("suite.csv", csv_bytes(_noted("Divers", lambda q: keyed(q.number(_rng())))))),
        ],
        "feuille cachée": [
            ("a.xlsx", xlsx_bytes([["Nom", "Prénom"], [p.surname, p.first_name]], hidden=True)),
            ("b.xlsx", xlsx_bytes(_noted("Zone", lambda q: f"{q.surname} {q.first_name}"), hidden=True)),
        ],
        "commentaire d'une cellule": [
            ("a.xlsx", _commented(f"{p.surname} {p.first_name}, née le {p.born('{d:02}/{m:02}/{y}')}"))
        ],
        "civilité et nom dans un commentaire": [("a.xlsx", _commented(f"Mme {p.surname} {p.first_name}, glycémie 12"))],
        **in_disguise.files(),
        **one_person.files(),
        **attacked.first_round(),
        **attacked.second_round(),
    }


def _commented(text: str) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in (["Code", "Libellé"], ["NA", "Sodium"], ["K", "Potassium"]):
        sheet.append(row)
    sheet["B2"].comment = Comment(text, "labo")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cases() -> Iterator[Case]:
    """All of them: those with patients, then the innocent ones."""
    for kind, (formats, rows) in _tables().items():
        for place, form in enumerate(formats.split()):
            yield Case(kind, f"fichier{place}.{form}", FORMATS[form](rows), holds_patients=True)
    for kind, files in _messages().items():
        for name, content in files:
            yield Case(kind, name, content, holds_patients=True)
    for kind, name, content in (*innocent.files(), *look_alikes.files()):
        yield Case(kind, name, content, holds_patients=False)
