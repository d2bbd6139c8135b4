"""Catalogue files in the shapes that laboratory systems print, all written by us: names, codes and values are made up.

Each says what must be read from it. `fhir_fixtures` has those in FHIR.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.files.ans_files import ANS_COLUMNS
from app.files.choices import Choices, IncomingFile
from app.files.records import Dialect, complete_dialect, detect_dialect
from app.models import FileKind
from tests.app.files.workbooks import Sheets, ods, xls, xlsx

Rows = Sequence[Sequence[str]]
Expected = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Fixture:
    """A file, and what must be read from it."""

    name: str
    content: bytes
    kind: FileKind
    tests: int
    """Analyses, or exams, or chapters and sub-chapters, by kind."""
    values: Expected = field(default_factory=dict)
    """Code -> fields of the test."""
    warning: str = ""
    encoding: str = ""
    """The encoding that the user must choose, when detection cannot know."""

    @property
    def is_text(self) -> bool:
        """Whether its bytes must be found again in what is returned."""
        return not self.content.startswith((b"PK", b"\xd0\xcf", b"{"))

    @property
    def incoming(self) -> IncomingFile:
        """The file as the import receives it."""
        if not self.encoding:
            return IncomingFile(self.name, self.content)
        dialect: Dialect = complete_dialect(
            self.content, replace(detect_dialect(self.content, self.name), encoding=self.encoding)
        )
        return IncomingFile(self.name, self.content, Choices(dialect=dialect, detect_header=True))


def text(
    rows: Rows, *, encoding: str = "utf-8", delimiter: str = ";", end: str = "\r\n", quoted: bool = False,
    bom: bytes = b"", tail: str = "", last_end: bool = True,
) -> bytes:  # fmt: skip
    """Rows as a delimited file."""

    def cell(value: str) -> str:
        special = any(character in value for character in (delimiter, '"', "\n", "\r"))
        doubled = value.replace('"', '""')
        return f'"{doubled}"' if special or (quoted and value) else value

    body = end.join(delimiter.join(map(cell, row)) + tail for row in rows) + (end if last_end else "")
    return bom + body.encode(encoding)


def headed(kind: FileKind, rows: Rows) -> Rows:
    """The rows under the headings of the requirement."""
    return [tuple(column.heading for column in ANS_COLUMNS[kind]), *rows]


ANALYSES: Rows = [
    ("NA", "Sodium sérique", "natrémie", "Concentration", "U1", "mmol/L", "PT", "SE", "Sérum", "QN", "ISE indirecte",
     "1609"),
    ("CREAU", "Créatinine des urines de 24 h", "", "", "U2", "mmol/24h", "24H", "UR", "Urines de 24 h", "QN",
     "Enzymatique", "0592 0627"),
    ("HBS", "Antigène HBs", "Ag HBs", "", "", "", "PT", "SE", "Sérum", "ORD", "CMIA", "0322, HN"),
    ("µALB", "Microalbuminurie", "", "", "U3", "mg/L", "", "", "", "", "", ""),
]  # fmt: skip
EXAMS: Rows = [
    ("IONO", "Ionogramme sanguin complet", "iono", "BIO", "ION", "Sérum", "1610/1611", "NA", "Sodium sérique"),
    ("IONO", "Ionogramme sanguin complet", "iono", "BIO", "ION", "Sérum", "1610/1611", "K", "Potassium"),
    ("HBS", "Dépistage de l'hépatite B", "", "SER", "", "Sérum", "0322", "HBS", "Antigène HBs"),
]
CHAPTERS: Rows = [
    ("BIO", "Biochimie générale", "ION", "Ionogramme"),
    ("BIO", "Biochimie générale", "LIP", "Lipides"),
    ("", "Hématologie", "", ""),
    ("SER", "Sérologie infectieuse", "AUT", "Autres"),
]
UNIT_OF = {"NA": {"unit": "mmol/L"}, "CREAU": {"timing": "24H", "nabm": "0592 0627"}}
LOINC_3 = headed(FileKind.LOINC_3, ANALYSES)
SHORT = [row[:2] + ("",) * 10 for row in ANALYSES]

FREE: Rows = [
    ("Mnémonique", "Désignation", "Unité", "Nature de l'échantillon", "Méthode", "Code NABM", "Spécialité"),
    ("ALAT", "Alanine aminotransférase", "UI/L", "Plasma hépariné", "IFCC", "0516", "Biochimie"),
    ("TP", "Taux de prothrombine", "%", "Plasma citraté", "Chronométrie", "0126", "Hémostase"),
    ("PLQ", "Plaquettes", "G/L", "Sang total EDTA", "Impédance", "1104", "Hématologie"),
]
FREE_VALUES: Expected = {
    "ALAT": {"unit": "UI/L", "specimen": "Plasma hépariné", "technique": "IFCC", "chapter": "Biochimie"},
    "PLQ": {"unit": "G/L", "label": "Plaquettes"},
}
GROUPED: Rows = [
    ("Identification", "", "", "Prélèvement", "", "Résultat", "", "Sous-traitance", "", "Conservation", ""),
    ("Code SIL n°1", "Code SIL n°2", "Nom", "Nature", "Tube", "Unité de réf.", "Valeur de réf.",
     "Examen sous-traité", "Sous-traitant", "Fréquence", "Fréquence"),
    ("/ALAC", "", "Acide lactique", "Plasma", "Gris", "mmol/L", "0,5 à 2,2 mmol/L", "", "", "1 sem \n", "1 an"),
    ("VITE", "V01", "Vitamine E", "Sérum", "Sec", "mg/L", "6,0 à 15,0 mg/L", "Oui", "Institut du Levant", "1 sem", ""),
    ("", "V02", "Vitamine A", "Sérum", "Sec", "mg/L", "", "oui", "Institut du Levant", "", ""),
]  # fmt: skip
GROUPED_VALUES: Expected = {
    "/ALAC": {"label": "Acide lactique", "specimen": "Plasma", "unit": "mmol/L", "is_subcontracted": False},
    "VITE": {"is_subcontracted": True, "executing_laboratory": "Institut du Levant"},
    "V02": {"label": "Vitamine A", "is_subcontracted": True},
}
MIXED_HEADER: Rows = [
    ("Code", "Libellé", "Prélèvement", "", "Volume annuel"),
    ("", "", "Nature", "Tube", ""),
    ("FER", "Fer sérique", "Sérum", "Sec", "1 250"),
    ("TSH", "TSH ultrasensible", "Sérum", "Sec", "15 587,0"),
]
NO_UNIT: Rows = [
    ("Code", "Libellé", "Valeurs de référence"),
    ("GGT", "Gamma GT", "2,0 à 9,0 UI/L"),
    ("HB", "Hémoglobine", "H : 13–17 g/dL ; F : 12–16 g/dL"),
    ("DFG", "Débit de filtration glomérulaire", "> 60 mL/min/1,73m²"),
    ("HBC", "Ac anti-HBc", "Négatif"),
]
NO_UNIT_VALUES: Expected = {
    "GGT": {"unit": "UI/L"}, "HB": {"unit": "g/dL"}, "DFG": {"unit": "mL/min/1,73m²"}, "HBC": {"unit": ""},
}  # fmt: skip
UNIT_IN_LABEL: Rows = [
    ("code", "libelle"),
    ("GLU", "Glucose (mmol/L)"),
    ("VGM", "VGM [fL]"),
    ("PS", "Protéine S (S)"),
    ("RAG", "Rapport A/G"),
]
UNIT_IN_LABEL_VALUES: Expected = {
    "GLU": {"unit": "mmol/L", "label": "Glucose (mmol/L)"}, "VGM": {"unit": "fL"}, "PS": {"unit": ""},
    "RAG": {"unit": ""},
}  # fmt: skip
FLAGS: Rows = [
    ("Réf.", "Intitulé", "Unités", "ST", "Laboratoire exécutant", "Nb annuel", "Obsolète"),
    ("ACTH", "ACTH", "pg/mL", "X", "Institut du Levant", "96", ""),
    ("CRP", "Protéine C réactive", "mg/L", "", "", "41 300", ""),
    ("TGO", "Transaminases (ancien)", "UI/L", "non", "", "-", "oui"),
]
FLAG_VALUES: Expected = {
    "ACTH": {"is_subcontracted": True, "annual_volume": 96, "executing_laboratory": "Institut du Levant"},
    "CRP": {"is_subcontracted": False, "annual_volume": 41300},
    "TGO": {"is_retired": True, "annual_volume": None},
}
TRIGGERS: Rows = [
    ("code", "libelle", "unite"),
    ("-ALB", "Albumine", "g/L"),
    ("+GLU", "Glucose", "mmol/L"),
    ("=SOM", "Somme", ""),
    ("@REF", "Référence", ""),
    ("1E10", "Notation", ""),
    ("007", "Zéros", ""),
]
REPEATED: Rows = [
    ("Code analyse", "Libellé", "Unité", "Milieu"),
    ("GLU", "Glucose", "g/L", "Sang"),
    ("GLU", "Glucose", "mmol/L", "Sang"),
    ("GLU", "Glucose", "mmol/L", "Urines"),
    ("GLU", "Glucose", "mmol/L", "Urines"),
]
LOST = "semblent perdus (code plus court que les autres) : ligne 2 (« 12 »)"
LOST_ZEROS: Sheets = {
    "Export": [
        ["Code", "Libellé", "Unité"],
        [12.0, "Sodium", "mmol/L"],
        [1608.0, "Potassium", "mmol/L"],
        ["0126", "Taux de prothrombine", "%"],
    ]
}
SIDE: Rows = [
    ("Code analyse", "Sous-traité", "Laboratoire exécutant", "Volume annuel", "Retiré"),
    ("NA", "N", "", "15 587", ""),
    ("HBS", "O", "Institut du Levant", "", "O"),
]
_TITLES: Rows = [("Catalogue des analyses",), ("Édition de novembre 2026",), ("",), *FREE]
_GROUPED_SHEET: Sheets = {"Catalogue": GROUPED, "Notice": [["Mode d'emploi"]]}
TABULAR, THREE = FileKind.TABULAR, FileKind.LOINC_3

ANS_FIXTURES = [
    Fixture("LOINC_3_export_resultats_20261101.csv", text(LOINC_3), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_bom_lf.csv", text(LOINC_3, bom=b"\xef\xbb\xbf", end="\n"), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_sans_entete.csv", text(ANALYSES, encoding="cp1252"), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_latin9.csv", text(LOINC_3, encoding="iso8859-15"), THREE, 4, UNIT_OF, encoding="iso8859-15"),
    Fixture("LOINC_3_mac.csv", text(LOINC_3, encoding="mac-roman", end="\r"), THREE, 4, UNIT_OF, encoding="mac-roman"),
    Fixture("LOINC_3_dos.csv", text(LOINC_3, encoding="cp850", last_end=False) + b"\r\n\x1a", THREE, 4, UNIT_OF,
            encoding="cp850"),
    Fixture("LOINC_3_guillemets.csv", text(LOINC_3, quoted=True), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_separateur_final.csv", text(LOINC_3, tail=";"), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_trois_separateurs.csv", text(LOINC_3, tail=";;;"), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_minimal.csv", text(headed(THREE, SHORT), last_end=False), THREE, 4, {"NA": {"unit": ""}}),
    Fixture("LOINC_3_lignes_vides.csv", text([*LOINC_3[:3], ("",), *LOINC_3[3:], ("",)]), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_utf16.csv", text(LOINC_3, encoding="utf-16-le", bom=b"\xff\xfe"), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_plusieurs_nabm.csv",
            text([(*row[:11], "0126/0127 0174-1104 ; HN") for row in ANALYSES]), THREE, 4,
            {"NA": {"nabm": "0126/0127 0174-1104 ; HN"}}),
    Fixture("LOINC_2_export_demandes_20261101.csv", text(headed(FileKind.LOINC_2, EXAMS), encoding="cp1252"),
            FileKind.LOINC_2, 2, {"IONO": {"nabm": "1610/1611", "chapter_code": "BIO"}}),
    Fixture("LOINC_2_sans_entete.csv", text(EXAMS, end="\n"), FileKind.LOINC_2, 2),
    Fixture("demandes.csv", text(EXAMS, quoted=True, end="\n"), FileKind.LOINC_2, 2),
    Fixture("LOINC_1_export_chapitres_20261101.csv",
            text(headed(FileKind.LOINC_1, CHAPTERS), bom=b"\xef\xbb\xbf"), FileKind.LOINC_1, 6,
            {"Hématologie": {"label": "Hématologie"}}),
    Fixture("LOINC_1_sans_entete.csv", text(CHAPTERS, encoding="cp1252", end="\n"), FileKind.LOINC_1, 6),
]  # fmt: skip
FREE_FIXTURES = [
    Fixture("catalogue.csv", text(FREE, encoding="cp1252"), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue.tsv", text(FREE, delimiter="\t", end="\n"), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue_virgule.csv", text(FREE, delimiter=",", quoted=True, end="\n"), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue_barre.txt", text(FREE, delimiter="|"), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue_titre.csv", text(_TITLES), TABULAR, 3, FREE_VALUES),
    Fixture("groupes.csv", text(GROUPED), TABULAR, 3, GROUPED_VALUES, "1 analyse a pour code celui de la colonne"),
    Fixture("entete_double.csv", text(MIXED_HEADER, encoding="cp1252"), TABULAR, 2,
            {"TSH": {"annual_volume": 15587, "specimen": "Sérum"}}),
    Fixture("unite_dans_reference.csv", text(NO_UNIT), TABULAR, 4, NO_UNIT_VALUES,
            "unité tirée du texte pour 3 analyses"),
    Fixture("unite_dans_libelle.csv", text(UNIT_IN_LABEL, end="\n"), TABULAR, 4, UNIT_IN_LABEL_VALUES, "unité tirée"),
    Fixture("sous_traitance.csv", text(FLAGS, encoding="cp1252"), TABULAR, 3, FLAG_VALUES),
    Fixture("codes_singuliers.csv", text(TRIGGERS), TABULAR, 6, {"007": {"label": "Zéros"}, "-ALB": {"unit": "g/L"}}),
    Fixture("codes_repetes.csv", text(REPEATED), TABULAR, 3, {}, "1 code sert à plusieurs analyses"),
    Fixture("donnees_annexes_20261101.csv", text(SIDE), FileKind.SIDE_DATA, 0),
    Fixture("sur_deux_lignes.csv", text([("code", "libelle"), ("A", "Analyse\nsur deux lignes"), ("B", 'Ac anti-"X"')]),
            TABULAR, 2, {"B": {"label": 'Ac anti-"X"'}}),
]  # fmt: skip
WORKBOOK_FIXTURES = [
    Fixture("catalogue.xlsx", xlsx({"Analyses": FREE}), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue.xls", xls({"Analyses": FREE}), TABULAR, 3, FREE_VALUES),
    Fixture("catalogue.ods", ods({"Analyses": FREE}), TABULAR, 3, FREE_VALUES),
    Fixture("groupes.xls", xls(_GROUPED_SHEET), TABULAR, 3, GROUPED_VALUES),
    Fixture("groupes.xlsx", xlsx(_GROUPED_SHEET, ("A1:C1", "D1:E1", "F1:G1")), TABULAR, 3, GROUPED_VALUES),
    Fixture("groupes.ods", ods(_GROUPED_SHEET), TABULAR, 3, GROUPED_VALUES),
    Fixture("zeros_perdus.xlsx", xlsx(LOST_ZEROS), TABULAR, 3, {"12": {"label": "Sodium"}}, LOST),
    Fixture("zeros_perdus.xls", xls(LOST_ZEROS), TABULAR, 3, {}, LOST),
    Fixture("zeros_perdus.ods", ods(LOST_ZEROS), TABULAR, 3, {}, LOST),
    Fixture("LOINC_3_classeur.xlsx", xlsx({"LOINC_3": LOINC_3}), THREE, 4, UNIT_OF),
    Fixture("LOINC_3_classeur.xls", xls({"LOINC_3": LOINC_3}), THREE, 4, UNIT_OF),
]
FIXTURES = [*ANS_FIXTURES, *FREE_FIXTURES, *WORKBOOK_FIXTURES]
