"""Whether a change in a test touches what its LOINC code rests on, and how that is said.

A unit written otherwise (`mmol/l` for `mmol/L`) changes nothing; `g/L` for `mmol/L` does. Labels, specimens and
techniques are compared by their folded words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loinc_data.units import read_unit
from matcher.normalise.text import fold, words

ANALYSES = "analyses"
"""The contents of an exam, compared like a field."""
FIELD_NAMES = {
    "label": "Libellé", "synonym": "Synonyme", "property_kind": "Grandeur", "unit_code": "Code de l'unité",
    "unit": "Unité", "timing": "Temporalité", "specimen_code": "Code du milieu", "specimen": "Milieu",
    "scale": "Échelle", "technique": "Technique", "nabm": "Codes NABM", "chapter_code": "Code du chapitre",
    "subchapter_code": "Code du sous-chapitre", "chapter": "Chapitre",
    "executing_laboratory": "Laboratoire exécutant", "reference_range": "Valeurs de référence",
    "results": "Exemples de résultats", "exam": "Examen qui contient l'analyse",
    "is_subcontracted": "Sous-traité", "is_retired": "Retiré",
    "annual_volume": "Volume annuel", ANALYSES: "Analyses de l'examen",
}  # fmt: skip
_CHANGED = {
    "label": "libellé changé", "property_kind": "grandeur changée", "unit": "unité changée",
    "unit_code": "unité changée", "timing": "temporalité changée", "specimen": "milieu changé",
    "specimen_code": "milieu changé", "scale": "échelle changée", "technique": "technique changée",
    "reference_range": "unité des valeurs de référence changée", "results": "nature des résultats changée",
    ANALYSES: "composition changée",
}  # fmt: skip
_STANDS_FOR = {"unit_code": "unit", "specimen_code": "specimen"}
"""A code is what the test rests on only where no label says it."""
_SPEAKS_WHERE_EMPTY = {"reference_range": "unit", "results": "unit"}
"""What these columns say is read only where the column of the fact itself is empty."""
_AFTER_FIGURES = re.compile(r"\d(?=\s*([^\s\d;,()<>][^;,()<>]*))")
_MAX_REASON = 500
ColumnValues = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column of a test that the newer export writes otherwise."""

    field: str
    old: str
    new: str
    is_substantive: bool = False

    @property
    def name(self) -> str:
        """The column as the user reads it."""
        return FIELD_NAMES[self.field]

    @property
    def sentence(self) -> str:
        """What changed, as the reviewer reads it: `unité changée : g/L → mmol/L`."""
        said = _CHANGED.get(self.field, f"{self.name.lower()} changé")
        return f"{said} : {self.old or '(vide)'} → {self.new or '(vide)'}"


def shown(value: Any) -> str:
    """A value of a test as text."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "" if value is None else str(value)


def _same_unit(old: str, new: str) -> bool:
    if "".join(old.split()) == "".join(new.split()):
        return True
    before, after = read_unit(old), read_unit(new)
    return before.is_known and after.is_known and before.ucum == after.ucum and bool(before.ucum)


def _same_words(old: str, new: str) -> bool:
    return sorted(words(old)) == sorted(words(new))


def _units_said(text: str) -> frozenset[tuple[str, ...]]:
    """The units written after the figures of reference values or of results."""
    found = (read_unit(match.group(1).strip(" .,;:()")) for match in _AFTER_FIGURES.finditer(text))
    return frozenset(unit.ucum for unit in found if unit.is_known)


def _says_otherwise(field: str, old: ColumnValues, new: ColumnValues) -> bool:
    """Whether a column beside the facts says another unit or nature than before, and is the only one to say it.

    What comes to a row that had nothing there completes it: nobody decided by it.
    """
    before, after = shown(old[field]), shown(new[field])
    fact = _SPEAKS_WHERE_EMPTY[field]
    said_elsewhere = any(shown(values[name]) for values in (old, new) for name in (fact, f"{fact}_code"))
    if said_elsewhere or not before:
        return False
    is_measured = (any(map(str.isdigit, before)), any(map(str.isdigit, after)))
    return _units_said(before) != _units_said(after) or (field == "results" and is_measured[0] is not is_measured[1])


def is_substantive(field: str, old: ColumnValues, new: ColumnValues) -> bool:
    """Whether this changed field makes the test another one for the transcoder; both give all fields of the test."""
    if field not in _CHANGED:
        return False
    if field in _STANDS_FOR and (old[_STANDS_FOR[field]] or new[_STANDS_FOR[field]]):
        return False
    if field in _SPEAKS_WHERE_EMPTY:
        return _says_otherwise(field, old, new)
    before, after = str(old[field]), str(new[field])
    if field in ("unit", "specimen"):
        code, new_code = str(old[f"{field}_code"]), str(new[f"{field}_code"])
        if code and code == new_code and not (before and after):
            # A label that comes beside its code, or goes: the code says the same.
            return False
        same = _same_unit if field == "unit" else _same_words
        return not same(before or code, after or new_code)
    if field in ("label", "technique", "specimen_code"):
        return not _same_words(before, after)
    if field == ANALYSES:
        return True
    return fold(before) != fold(after)


def reason_of(changes: tuple[ColumnChange, ...]) -> str:
    """Why the test goes back to review, in one sentence."""
    text = " ; ".join(change.sentence for change in changes if change.is_substantive)
    return text if len(text) <= _MAX_REASON else text[: _MAX_REASON - 1] + "…"
