"""Reading a catalogue file into the matcher's rows, for the command line."""

import csv
import io
from pathlib import Path

from app.errors import ImportRefusedError, InputProblem
from matcher import LocalTest
from matcher.normalise.text import fold

HEADINGS: dict[str, str] = {
    "code": "code", "libelle": "label", "synonyme": "synonym", "milieu": "specimen", "unite": "unit",
    "technique": "technique", "echelle": "scale", "temporalite": "timing", "nabm": "nabm", "chapitre": "chapter",
    "code analyse": "code", "libelle analyse": "label", "libelle unite principale": "unit", "libelle milieu": "specimen",
    "grandeur": "property_kind", "temporalite pt/24h": "timing", "echelle qn/ord": "scale", "label": "label",
    "codes nabm ou mention hn": "nabm", "examen": "exam", "resultats": "results", "valeurs de reference": "reference_range",
    "specimen": "specimen", "fluid": "specimen", "unit": "unit", "units": "unit", "category": "chapter",
}  # fmt: skip


def read_local_tests(path: Path) -> list[LocalTest]:
    """The rows of a CSV with recognisable headings, in order; raises ImportRefusedError."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    delimiter = max((";", "\t", ",", "|"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    headings = [fold(cell) for cell in next(reader, [])]
    fields = {position: HEADINGS[name] for position, name in enumerate(headings) if name in HEADINGS}
    if "label" not in fields.values():
        problem = InputProblem(path.name, "aucune colonne « libelle » reconnue", row=1)
        raise ImportRefusedError([problem])
    return [
        LocalTest(**{field: cells[position].strip() for position, field in fields.items() if position < len(cells)})
        for cells in reader
        if any(cell.strip() for cell in cells)
    ]
