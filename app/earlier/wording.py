"""The French of earlier statements."""

import re

from app.files.loinc_cells import CellFinding, Repair, expected_digit, read_code
from app.models import EarlierStatement, EarlierUse, EarlierVerdict
from app.web.wording import Word

VERDICTS = {
    EarlierVerdict.SAME: Word("Même code", "chip-ok", "✔"),
    EarlierVerdict.METHOD: Word("Même analyse, autre technique", "chip-info", "≈"),
    EarlierVerdict.OTHER: Word("Autre code proposé", "chip-warn", "≠"),
    EarlierVerdict.CONTRADICTED: Word("Contredit par la ligne", "chip-bad", "✘"),
    EarlierVerdict.NOTHING: Word("Rien n'est proposé", "chip-mute", "○"),
    EarlierVerdict.DEPRECATED: Word("Code déprécié ou déconseillé", "chip-bad", "†"),
    EarlierVerdict.ABSENT: Word("Code absent de la version", "chip-bad", "∅"),
    EarlierVerdict.NO_CODE: Word("Déclarée sans code", "chip-mute", "—"),
    EarlierVerdict.UNREADABLE: Word("Code illisible", "chip-bad", "?"),
    EarlierVerdict.REJECTED: Word("Rejetée autrefois", "chip-mute", "⊘"),
    EarlierVerdict.UNLINKED: Word("Code local inconnu du catalogue", "chip-mute", "…"),
    EarlierVerdict.NONE: Word("Pas encore comparée", "chip-mute", "…"),
}
"""In the order in which a reader asks for them."""
PARTS = {
    EarlierVerdict.SAME: "part-ok",
    EarlierVerdict.METHOD: "part-info",
    EarlierVerdict.OTHER: "part-warn",
    EarlierVerdict.CONTRADICTED: "part-bad",
    EarlierVerdict.DEPRECATED: "part-bad",
    EarlierVerdict.ABSENT: "part-bad",
    EarlierVerdict.UNREADABLE: "part-bad",
}
USES = {
    EarlierUse.NONE: "En attente de votre choix",
    EarlierUse.MEMORY: "Prises en mémoire",
    EarlierUse.TO_CONFIRM: "À confirmer",
    EarlierUse.LEFT: "Laissées de côté",
}
_REPAIRS = {
    Repair.FORM: "écrit « {} »",
    Repair.DASH: "écrit « {} », sans tiret",
    Repair.DATE: "devenu la date « {} » dans un tableur ; une seule lecture a la bonne clé",
}
MOST_READINGS = 4
_PART = re.compile(r"\bL[PAG]\d", re.IGNORECASE)


def note_on(item: EarlierStatement) -> str:
    """What to know of how the code was read; empty when it stands there as it is."""
    if item.repair and item.finding == CellFinding.CODE:
        return _REPAIRS[Repair(item.repair)].format(item.written)
    match CellFinding(item.finding):
        case CellFinding.SEVERAL:
            return f"plusieurs codes dans la cellule : « {item.written} »"
        case CellFinding.DATE:
            return _of_date(item.written)
        case CellFinding.BAD_DIGIT:
            # What was written may be longer than what is kept of it.
            code = next(iter(read_code(item.written).codes), "")
            told = f" : la clé de contrôle devrait être {expected_digit(code)}" if code else " n'est pas un code LOINC"
            return f"« {item.written} »{told}"
        case CellFinding.UNREADABLE:
            part = " ; c'est une partie de LOINC (LP…), non un code" if _PART.search(item.written) else ""
            return f"« {item.written} » n'est pas un code LOINC{part}"
        case CellFinding.OUT_OF_SCOPE:
            return "dite hors périmètre"
        case _:
            return ""


def _of_date(written: str) -> str:
    readings = read_code(written).codes
    if not readings:
        return f"« {written} » est une date, qu'aucun code LOINC ne donne"
    shown = ", ".join(readings[:MOST_READINGS]) + (", …" if len(readings) > MOST_READINGS else "")
    return f"« {written} » est une date : plusieurs codes la donnent ({shown})"


def provenance(item: EarlierStatement) -> str:
    """Where a decision that confirms a statement comes from."""
    row = f", ligne {item.row_number}" if item.row_number else ""
    who = " ".join(text for text in (item.author and f"par {item.author}", item.dated and f"le {item.dated}") if text)
    return f"Repris de « {item.source_name} »{row}{f' ({who})' if who else ''}"[:500]
