"""What earlier work says of a row, on its case."""

from collections.abc import Collection, Sequence

from app.cases.view import EarlierLine, Suggested
from app.earlier.service import may_be_taken
from app.earlier.wording import USES, VERDICTS, note_on
from app.files.loinc_cells import CellFinding
from app.memory.relations import relation_of
from app.models import EarlierStatement, EarlierUse, EarlierVerdict, Outcome, Relation
from app.transcoding.facts import StateValues
from app.web.wording import RELATION_SHORT
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery


def to_confirm(statements: Sequence[EarlierStatement], state: StateValues) -> EarlierStatement | None:
    """The statement whose code is preselected: one that waits to be confirmed, and that nothing on the row contradicts.

    Two that say different codes wait for the reviewer to choose.
    """
    if state.outcome is not Outcome.NONE:
        return None
    waiting = [
        item
        for item in statements
        if item.taken_as == EarlierUse.TO_CONFIRM
        and item.finding == CellFinding.CODE
        and not item.is_contradicted
        and may_be_taken(item, EarlierUse.TO_CONFIRM)
    ]
    return waiting[0] if len({item.loinc_num for item in waiting}) == 1 else None


def suggested_of(item: EarlierStatement | None) -> Suggested | None:
    """What comes with this code."""
    if item is None:
        return None
    return Suggested(item.loinc_num, relation_of(item.relation) or Relation.EQUIVALENT, item.comment)


def earlier_lines(
    catalogue_id: int, query: ReviewQuery, statements: Sequence[EarlierStatement], columns: Collection[str]
) -> list[EarlierLine]:
    """What to show of each statement; `columns` are the codes that are compared already."""
    return [_line(catalogue_id, query, item, columns) for item in statements]


def _line(
    catalogue_id: int, query: ReviewQuery, item: EarlierStatement, columns: Collection[str]
) -> EarlierLine:
    known = relation_of(item.relation) if item.relation else None
    is_comparable = item.finding == CellFinding.CODE and item.loinc_num not in columns
    url = case_url(catalogue_id, item.local_test_id or 0, query, choix=item.loinc_num) if is_comparable else ""
    return EarlierLine(
        loinc_num=item.loinc_num,
        note=note_on(item),
        relation=RELATION_SHORT[known] if known else item.relation,
        reason=item.reason,
        comment=item.comment,
        said_status=f"statut dans le fichier : {item.status}" if item.status else "",
        who=", ".join(text for text in (item.author, item.dated) if text),
        where=f"{item.source_name}, ligne {item.row_number}" if item.row_number else item.source_name,
        verdict=VERDICTS[EarlierVerdict(item.verdict)],
        taken=USES[EarlierUse(item.taken_as)] if item.taken_as else "",
        compare_url=f"{url}#comparaison" if url else "",
    )
