"""What to say before an import of the LOINC codes that a catalogue brings with it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from app.files.earlier_fields import EARLIER_CODES
from app.files.loinc_cells import CellFinding, Repair, read_code
from app.files.loinc_columns import others_like
from app.files.reading import ReadFile
from app.files.standings import Standing, standing_in_file
from app.files.values import bare
from app.text import counted, enumeration

_EXAMPLES = 3
COMING = (
    ". Ce transcodage antérieur est gardé à part et comparé aux propositions : rien n'en est décidé à l'import, vous "
    "choisirez ce qui en devient mémoire ou décision à confirmer."
)
"""What becomes of the codes that a catalogue brings."""
NEVER_TAKEN = " ; un code rejeté n'est jamais repris."
_NOT_DONE = ("laissée vide ou à faire (NULL, « à faire »…)", "laissées vides ou à faire (NULL, « à faire »…)")
_WORDS = {
    CellFinding.NO_CODE: ("dite sans code", "dites sans code"),
    CellFinding.OUT_OF_SCOPE: ("dite hors périmètre", "dites hors périmètre"),
    CellFinding.SEVERAL: ("à plusieurs codes", "à plusieurs codes"),
    CellFinding.DATE: ("devenue une date", "devenues des dates"),
    CellFinding.BAD_DIGIT: ("à clé de contrôle fausse", "à clé de contrôle fausse"),
    CellFinding.UNREADABLE: ("illisible", "illisibles"),
}


def earlier_advice(file: ReadFile) -> Iterable[str]:
    """A sentence for each column of LOINC codes: how many, and which cells say no one code."""
    for name in EARLIER_CODES:
        column = file.columns.get(name, -1)
        if column >= 0:
            yield from _of_column(file, name, column)
    yield from _other_columns(file)
    yield from _standings(file)


def _other_columns(file: ReadFile) -> Iterable[str]:
    """Columns that look as if they held the codes too: which one counts is for a person."""
    others = others_like(file.table, file.columns)
    if not others:
        return
    named = ", ".join(
        f"« {file.table.heading(item.column)} » ({counted(item.codes, 'code', 'codes')})" for item in others
    )
    one = len(others) == 1
    said = f"{'la colonne' if one else 'les colonnes'} {named} {'porte' if one else 'portent'}"
    if "earlier_code" in file.columns:
        yield (
            f"{file.name} : {said} aussi des codes LOINC, qui ne sont pas lus ; c'est la colonne "
            f"« {file.heading('earlier_code')} » qui l'est. Une autre se choisit dans les réglages de lecture."
        )
    else:
        yield f"{file.name} : {said} des codes LOINC, qui ne sont pas lus. Dites-le dans les réglages de lecture."


def _standings(file: ReadFile) -> Iterable[str]:
    """Rows that say themselves that their code is rejected, or not settled."""
    status, relation = (file.columns.get(name, -1) for name in ("earlier_status", "earlier_relation"))
    if max(status, relation) < 0:
        return
    found: Counter[Standing] = Counter(
        standing_in_file(_cell(row.cells, relation), _cell(row.cells, status)) for row in file.table.data
    )
    told = enumeration(
        [
            (found[Standing.REJECTED], "dite rejetée", "dites rejetées"),
            (found[Standing.TO_REVIEW], "à revoir ou non validée", "à revoir ou non validées"),
        ]
    )
    if told:
        heading = file.heading("earlier_status" if status >= 0 else "earlier_relation")
        yield f"{file.name} : d'après la colonne « {heading} », {told}{NEVER_TAKEN}"


def _cell(cells: Sequence[str], column: int) -> str:
    return bare(cells[column]) if 0 <= column < len(cells) else ""


def _of_column(file: ReadFile, name: str, column: int) -> Iterable[str]:
    findings: Counter[CellFinding] = Counter()
    mended = not_done = 0
    unread: list[str] = []
    for row in file.table.data:
        written = bare(row.cells[column]) if column < len(row.cells) else ""
        cell = read_code(written)
        findings[cell.finding] += 1
        not_done += cell.finding is CellFinding.EMPTY and bool(written)
        mended += cell.repair in (Repair.DATE, Repair.DASH)
        if cell.finding in (CellFinding.SEVERAL, CellFinding.DATE, CellFinding.BAD_DIGIT, CellFinding.UNREADABLE):
            unread.append(f"ligne {row.row_number} « {written[:40]} »")
    if sum(findings.values()) == findings[CellFinding.EMPTY]:
        return
    told = [(findings[finding], *words) for finding, words in _WORDS.items()]
    others = enumeration([*told, (not_done, *_NOT_DONE)])
    parts = [f"{file.name} : la colonne « {file.heading(name)} » porte un code LOINC pour "
             f"{counted(findings[CellFinding.CODE], 'ligne', 'lignes')}"]  # fmt: skip
    if mended:
        parts.append(f", dont {counted(mended, 'rétabli', 'rétablis')} d'une date ou d'un tiret perdu")
    if others:
        more = ", …" if len(unread) > _EXAMPLES else ""
        examples = f" ({', '.join(unread[:_EXAMPLES])}{more})" if unread else ""
        parts.append(f" ; {others}{examples}")
    parts.append(COMING)
    yield "".join(parts)
