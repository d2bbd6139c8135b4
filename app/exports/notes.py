"""What a person should know of a completed file, in French: what was left out, what had to be adapted."""

from collections.abc import Sequence

from app.exports.append import Appended
from app.files.choices import DUPLICATES_LABELS, Duplicates
from app.files.records import Dialect
from app.files.tabular import Table
from app.models import SourceFile

_EXAMPLES = 5


def rows_note(what: str, rows: tuple[int, ...]) -> list[str]:
    """How many rows, and the numbers of the first ones; nothing without any."""
    if not rows:
        return []
    examples = ", ".join(str(row) for row in rows[:_EXAMPLES])
    more = ", …" if len(rows) > _EXAMPLES else ""
    return [f"Lignes {what} : {len(rows)} (n° {examples}{more})."]


def left_out_notes(source: SourceFile) -> list[str]:
    """What was left out as the file came in."""
    left = tuple(source.dialect.get("left_rows", ()))
    return [
        *_duplicates_note(source.dialect.get("duplicates")),
        *rows_note(
            "laissées de côté à l'import parce que d'autres ont leur code, sans code",
            tuple(source.dialect.get("left_shared", ())),
        ),
        *rows_note("laissées de côté à l'import parce qu'elles ne pouvaient être reprises, sans code", left),
    ]


def _duplicates_note(said: str | None) -> list[str]:
    """What was chosen, as the file came in, of rows that share a code and say different things."""
    if not said:
        return []
    chosen = DUPLICATES_LABELS[Duplicates(said)].lower()
    return [f"Codes en double à l'import : {chosen} ; les lignes laissées de côté n'ont pas de code."]


def writing_notes(appended: Appended, dialect: Dialect) -> list[str]:
    """What had to be done to write this file, in French."""
    notes = []
    if appended.adapted:
        examples = " ; ".join(
            f"ligne {item.row_number}, « {item.text} » écrit « {item.written} »"
            for item in appended.adapted[:_EXAMPLES]
        )
        notes.append(
            f"Textes adaptés à ce que le fichier peut contenir ({dialect.encoding_name}) : "
            f"{len(appended.adapted)}. Par exemple : {examples}."
        )
    notes += rows_note("complétées de cellules vides pour garder les colonnes alignées", appended.short_rows)
    notes += rows_note("plus longues que l'en-tête, où les colonnes LOINC sont décalées", appended.long_rows)
    return notes


def codes_kept_note(table: Table, codes: Sequence[int], headings: Sequence[str]) -> list[str]:
    """That the received file has LOINC codes of its own, which stay: they are not those that were approved."""
    if not codes:
        return []
    named = ", ".join(f"« {table.heading(column)} »" for column in codes)
    where = f"celles qui commencent par « {headings[0].rsplit(' : ', 1)[0]} »" if table.headings else "les dernières"
    return [
        f"Le fichier reçu porte déjà des codes LOINC ({named}) : il est rendu tel quel, et ces codes ne sont pas ceux "
        f"qui furent approuvés. Les codes approuvés sont dans les colonnes ajoutées, {where}."
    ]
