"""Invented people, and the formats in which files that hold them come. Nobody of these exists."""

import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from openpyxl import Workbook

from app.patient_guard.numbers import is_article

Rows = Sequence[Sequence[str]]
_SURNAMES = (
    "LEFEBVRE MOREAU GARCIA DIALLO NGUYEN KOWALSKI BENALI FERREIRA ROUX PETIT TRAORE OZTURK ROSSI MULLER HADDAD SILVA "
    "CHEN POPESCU DUPONT VASSEUR MARCHAND KONE YILMAZ PEREIRA"
).split()
_FIRST_NAMES = (
    "Sandrine Youssef Aminata Thuy Agnieszka Jean-Paul Fatoumata Mehmet Giulia Heike Rania João Mei Andreea Ludovic "
    "Priya Oksana Kwame Inès Matthieu Noémie Tariq Svetlana Diego"
).split()
_TESTS = (
    ("GLU", "Glucose", "mmol/L"),
    ("NA", "Sodium", "mmol/L"),
    ("K", "Potassium", "mmol/L"),
    ("HB", "Hémoglobine", "g/dL"),
    ("CREA", "Créatinine", "µmol/L"),
    ("CRP", "Protéine C réactive", "mg/L"),
    ("TSH", "Thyréostimuline", "mUI/L"),
    ("FER", "Ferritine", "µg/L"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    surname: str
    first_name: str
    sex: str
    day: int
    month: int
    year: int
    department: str = "75"

    def number(self, rng: random.Random, sex: str = "") -> str:
        """A social security number of 13 characters, which is no article number."""
        while True:
            commune = f"{rng.randint(1, 899):03d}" if len(self.department) == 2 else f"{rng.randint(1, 89):02d}"
            first = sex or ("1" if self.sex == "M" else "2")
            order = f"{rng.randint(1, 999):03d}"
            body = f"{first}{self.year % 100:02d}{self.month:02d}{self.department}{commune}{order}"
            if not is_article(body):
                return body

    def born(self, form: str) -> str:
        """The date of birth, written in this form."""
        months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
        english = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
        return form.format(
            d=self.day,
            m=self.month,
            y=self.year,
            s=self.year % 100,
            month=months[self.month - 1],
            en=english[self.month - 1],
        )


def keyed(body: str) -> str:
    """A number with its control key."""
    return f"{body}{97 - int(body.replace('2A', '19').replace('2B', '18')) % 97:02d}"


def grouped(number: str, by: str = " ") -> str:
    """A number as cards show it."""
    cuts = (0, 1, 3, 5, 7, 10, 13, 15)
    return by.join(number[start:end] for start, end in pairwise(cuts) if number[start:end])


def people(count: int, seed: int, department: str = "75") -> list[Person]:
    """So many of them, always the same for a seed."""
    rng = random.Random(seed)
    return [
        Person(
            rng.choice(_SURNAMES),
            rng.choice(_FIRST_NAMES),
            rng.choice("MF"),
            rng.randint(2, 28),
            rng.randint(1, 12),
            rng.randint(1931, 2012),
            department,
        )
        for _ in range(count)
    ]


def analysis(place: int) -> tuple[str, str, str]:
    """(code, label, unit) of an analysis; another one for each place."""
    code, label, unit = _TESTS[place % len(_TESTS)]
    return (
        f"{code}{place // len(_TESTS) or ''}",
        f"{label}{f' {place // len(_TESTS)}' if place >= len(_TESTS) else ''}",
        unit,
    )


def csv_bytes(rows: Rows) -> bytes:
    """As a laboratory system writes it."""
    return "\r\n".join(";".join(row) for row in rows).encode()


def cp1252_bytes(rows: Rows) -> bytes:
    """As an older one does."""
    return "\r\n".join(";".join(row) for row in rows).encode("cp1252", "replace")


def utf16_bytes(rows: Rows) -> bytes:
    """As a spreadsheet writes « Texte Unicode »."""
    return "\r\n".join("\t".join(row) for row in rows).encode("utf-16")


def xlsx_bytes(rows: Rows, *, hidden: bool = False) -> bytes:
    """As a workbook; `hidden`: in a second sheet that nobody sees."""
    book = Workbook()
    sheet = book.active
    if hidden:
        sheet.append(["Code", "Libellé"])
        sheet.append(["NA", "Sodium"])
        sheet = book.create_sheet("Feuil2")
        sheet.sheet_state = "hidden"
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def json_bytes(rows: Rows) -> bytes:
    """As a list of objects."""
    head, *data = rows
    names = [name or f"champ {place}" for place, name in enumerate(head)]
    return json.dumps([dict(zip(names, row, strict=False)) for row in data], ensure_ascii=False).encode()


def markdown_bytes(rows: Rows) -> bytes:
    """As a table of a page."""
    head, *data = rows
    lines = [head, ["---"] * len(head), *data]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines).encode()


def zip_bytes(name: str, content: bytes) -> bytes:
    """One file in an archive, beside an innocent one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("catalogue.csv", "Code;Libellé\nNA;Sodium\nK;Potassium\n")
        archive.writestr(name, content)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Rows], bytes]] = {
    "csv": csv_bytes,
    "txt": utf16_bytes,
    "xlsx": xlsx_bytes,
    "json": json_bytes,
    "md": markdown_bytes,
    "cp1252.csv": cp1252_bytes,
}
