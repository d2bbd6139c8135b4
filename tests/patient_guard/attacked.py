"""Files of invented patients written against the guard before it was known how it would find them, in two rounds."""

import json

from tests.app.files.workbooks import ods, xls, xlsx
from tests.patient_guard import elsewhere
from tests.patient_guard.invented import (
    Rows,
    analysis,
    csv_bytes,
    json_bytes,
    keyed,
    utf16_bytes,
    xlsx_bytes,
    zip_bytes,
)

Files = list[tuple[str, bytes]]
_NIR = keyed("2610512123456")


def _with(heading: str, said: dict[int, str], rows: int = 20) -> list[list[str]]:
    """A catalogue with one more column, filled in a few rows."""
    return [
        ["Code", "Libellé", "Unité", heading],
        *([*analysis(place), said.get(place, "")] for place in range(rows)),
    ]


def _noted(*notes: str, heading: str = "Observations", rows: int = 40) -> Files:
    """A catalogue for each note, which stands in one of its rows."""
    return [
        (f"{place}.csv", csv_bytes(_with(heading, {place % rows: note}, rows))) for place, note in enumerate(notes)
    ]


def _beside(*people: tuple[str, str], rows: int = 60) -> Rows:
    """A catalogue with two more columns, filled for these people."""
    return [
        ["Code", "Libellé", "Champ 1", "Champ 2"],
        *(
            [*analysis(n)[:2], *(people[n // 9] if n % 9 == 4 and n // 9 < len(people) else ("", ""))]
            for n in range(rows)
        ),
    ]


def first_round() -> dict[str, Files]:
    """Kind -> files."""
    catalogue = _with("Observations", {})
    ages = "54 37 8 71 29 66 43 81 33 58".split()
    return {
        "premier essai : âge et résultat": [
            *_noted(
                "Pt 54a F, gly 6.2",
                "M. 67 ans TSH 0,02 à contrôler",
                "patiente 32 ans, bêta-HCG positive",
                "H 71 ans : PSA = 12,4 ng/mL (téléphoné)",
                "bébé 3 mois CRP 88",
                "54 ans, homme, glycémie à 6,2 mmol/L",
                "cas d'une femme âgée de 45 ans ; Hb 7,8 g/dL",
                "rendu K+ 6,2 chez un monsieur de 80 ans",
                "nouveau-né de 2 jours, bilirubine 210 µmol/L",
                "54yo male, glucose 6.2",
                "Frau, 54 Jahre, Glukose 6,2",
            ),
            (
                "colonnes.csv",
                csv_bytes(
                    [
                        ["Analyse", "Age", "S", "Val"],
                        *([analysis(n % 3)[1], age, "FM"[n % 2], f"{n % 7 + 3},{n}"] for n, age in enumerate(ages)),
                    ]
                ),
            ),
            (
                "large.json",
                json_bytes(
                    [
                        ["age", "sexe", "glycemie", "uree"],
                        *(
                            [age, "FM"[n % 3 == 0], f"{n % 4 + 4}.{n}", f"{n % 5 + 3}.{9 - n}"]
                            for n, age in enumerate(ages)
                        ),
                    ]
                ),
            ),
            ("lettre.txt", "Bonjour,\nà propos de la glycémie :\nhomme de 54 ans, glycémie 6,2\nmerci".encode()),
            (
                "definition.json",
                json.dumps(
                    {
                        "resourceType": "ObservationDefinition",
                        "status": "active",
                        "code": {"text": "Glucose", "coding": [{"code": "GLU"}]},
                        "preferredReportName": "vu chez un homme de 61 ans avec INR 8,1",
                    }
                ).encode(),
            ),
        ],
        "premier essai : feuilles": [
            ("a.xlsx", xlsx({"Catalogue": catalogue, "GARCIA Sandrine 12-03-61": [["Code", "Val"], ["GLU", "x"]]})),
            ("b.ods", ods({"Catalogue": catalogue, "Sandrine Garcia 12.03.2026": [["Code", "Val"], ["GLU", "x"]]})),
            ("c.xls", xls({"Mme Kowalski 120361": catalogue})),
            ("d.xlsx", xlsx({"BENALI Youssef né 1961": catalogue})),
            ("e.xls", xls({"Dossier Nguyen Thuy 04-05-78": catalogue})),
        ],
        "premier essai : numéros d'ailleurs": [
            *_noted(
                "NISS 61.05.12-123." + elsewhere.niss("610512123")[-2:],
                "n° national " + elsewhere.niss("610512123"),
                "registre " + elsewhere.niss("104512123", since_2000=True),
                elsewhere.matricule("19610512123"),
                " ".join(elsewhere.matricule("19610512124")[i:j] for i, j in ((0, 4), (4, 8), (8, 11), (11, 13))),
                "AVS " + "756.9217.0769.85",
                "code fiscal " + elsewhere.codice_fiscale("RSSMRA61E12H501"),
                "DNI " + elsewhere.dni("12345678"),
                "KVNR " + elsewhere.kvnr("A", "12345678"),
                "CEAM " + elsewhere.european_card("056", "12345678901234"),
            ),
            ("g.xlsx", xlsx_bytes(_with("Id", {n: elsewhere.niss(f"6{n % 10}0512{100 + n}") for n in range(12)}))),
            ("h.csv", csv_bytes(_with("Id", {250: elsewhere.article("756123456789")}, 300))),
        ],
        "premier essai : NIR mal tapé": _noted(
            "1 85 O5 78 OO6 O84 91",
            f"l{keyed('1850578006084')[1:]}",
            "2" + _NIR[1:].replace("0", "O"),
            "NIR " + _NIR[:13].replace("0", "O").replace("1", "I"),
        ),
        "premier essai : naissances": [
            *_noted(
                "LEFEBVRE Sandrine 120361",
                "Jean Dupont 12031961",
                "MOREAU Luc mars 1961",
                "née en mars 1961",
                "DDN:120361",
            ),
            ("f.xlsx", xlsx_bytes(_beside(("Sandrine Moreau", "12031961")))),
            (
                "g.csv",
                csv_bytes(
                    _beside(("Kowalczyk Jan", "03/1961"), ("Mukendi Aline", "11/1987"), ("Ngo Bich", "07/1949"))
                ),
            ),
            ("resultats_DUPONT_Jean_12031961.csv", csv_bytes(catalogue)),
            ("h.zip", zip_bytes("suite.txt", utf16_bytes(_with("Zone", {3: "PETIT Paul 04/1958"})))),
        ],
    }


def second_round() -> dict[str, Files]:
    """Kind -> files, written after the guard was mended, by somebody who forgot how."""
    catalogue = _with("Observations", {})
    niss, matricule = elsewhere.niss("780304057"), elsewhere.matricule("19780304057")
    nir = keyed("1780357463011")
    return {
        "second essai : âge et résultat": [
            *_noted(
                "le 3/11 : homme, 63 ans, potassium à 6,9 confirmé sur 2e tube",
                "Femme de 28 ans enceinte : glycémie 1,45 g/L à H1",
                "résultat aberrant : 0,3 g/L chez un homme de 47 ans",
                "Fillette (4 ans) plombémie 112 µg/L",
                "JH 22 ans TP 35%",
                "femme 41 ans G2P1, Hb=6,9",
                "homme âgé de 59 ans - créat 412",
                "Mr 88 ans BNP 4500 pg/mL",
                "F 36 ans; Plq 12 G/L",
                "sexe F, âge 44, ACE 18,7",
                "enfant de 9 ans - tryptase 45 µg/L - choc",
                "Age: 17 ans / Sexe: M / Alcoolémie: 2,1 g/L",
                "nourrisson 5 mois, ammoniémie = 310",
                "dame de 92 ans avec une natrémie à 109",
                "pt de 55 ans, troponine 1240 ng/L",
                "(homme, 73 ans) CA 19-9 : 5400 U/mL",
                "Patiente née en 1961, TSH 12",
            ),
            (
                "compte rendu.md",
                b"| Code | Libelle | Note |\n|---|---|---|\n| GLU | Glucose | |\n"
                b"| CK | CK | homme 31 ans : CK 15000 UI/L |\n",
            ),
            (
                "lignes.ods",
                ods(
                    {
                        "Feuille1": [
                            ["Glucose", "F", "63 ans", "5,2"], ["Glucose", "M", "41 ans", "7,9"],
                            ["Sodium", "F", "27 ans", "141"], ["Sodium", "M", "88 ans", "128,5"],
                            ["Potassium", "M", "19 ans", "3,1"], ["Potassium", "F", "52 ans", "4,4"],
                            ["Glucose", "M", "33 ans", "5,9"], ["CRP", "F", "71 ans", "112"],
                        ]
                    }
                ),
            ),
            (
                "concept.json",
                json.dumps(
                    {
                        "resourceType": "CodeSystem",
                        "status": "active",
                        "content": "complete",
                        "url": "http://labo.example/cs",
                        "concept": [{"code": "K", "display": "Potassium", "definition": "F 79 ans, K 7,4 mmol/L"}],
                    }
                ).encode(),
            ),
        ],
        "second essai : feuilles": [
            ("a.xlsx", xlsx({"Analyses": catalogue, "PETIT Thomas 04-03-1978": catalogue})),
            ("b.ods", ods({"M. Traoré 3 mars 2026": catalogue})),
            ("c.xls", xls({"LEFEBVRE-MOREAU Anne 040378": catalogue})),
            ("d.xlsx", xlsx({"Analyses": catalogue, "Fatoumata Diallo 2026-03-04": catalogue})),
        ],
        "second essai : numéros d'ailleurs": [
            *_noted(
                f"Patiente belge {niss[:6]}-{niss[6:9]}-{niss[9:]}",
                f"{niss[:2]} {niss[2:4]} {niss[4:6]} {niss[6:9]} {niss[9:]}",
                f"CNS {matricule}",
                f"matricule {matricule[:4]}-{matricule[4:6]}-{matricule[6:8]}-{matricule[8:11]}-{matricule[11:]}",
                "NAVS13 756 9217 0769 85",
                "c.f. " + elsewhere.codice_fiscale("VRDGNN78C44F205").lower(),
                "DNI: " + elsewhere.dni("04567891")[:8] + "-" + elsewhere.dni("04567891")[8],
            ),
            (
                "h.txt",
                utf16_bytes(_with("Zone", {n: elsewhere.matricule(f"19{50 + n}0304{100 + n}") for n in range(15)})),
            ),
        ],
        "second essai : NIR mal tapé": _noted(
            nir[:1] + " " + nir[1:3] + " O3 57 463 O11 " + nir[13:],
            "n° " + nir.replace("1", "l"),
            "INS:" + nir.replace("0", "o"),
        ),
        "second essai : naissances": [
            *_noted(
                "TRAORE Aminata (03/1978)",
                "Dossier de GARCIA Sandrine, née en 78, mars",
                "04031978 PETIT Thomas",
                "PETIT Thomas - 040378 - M",
                "nais. 04031978",
                "ddn 040378 vu avec le service",
                "né(e) en : mars 1978",
            ),
            ("i.xlsx", xlsx_bytes(_beside(("PETIT Thomas", "0403 1978"), ("Diallo Awa", "2212 1990")))),
            ("j.csv", csv_bytes([["Nom usuel", "mois"], ["Petit Thomas", "mars 1978"], ["Diallo Awa", "déc. 1990"]])),
        ],
    }
