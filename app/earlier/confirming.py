"""A reviewer confirms earlier statements: each becomes a decision of hers, with all the checks of any decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.earlier import repository
from app.earlier.comparison import contradictions_of
from app.earlier.service import MAY_TAKE, mark_taken, may_be_taken
from app.earlier.wording import provenance
from app.errors import ConflictError, InvalidInputError, WorkbenchError
from app.files.loinc_cells import CellFinding
from app.files.standings import Standing, standing_in_file
from app.memory.relations import relation_of
from app.models import Action, EarlierStatement, EarlierUse, LocalTest, Proposal, Relation, Status
from app.platform.database import Transactions, give_way
from app.platform.identity import CatalogueAccess
from app.proposals.service import current_run
from app.settings import Settings
from app.text import is_written
from app.transcoding import repository as transcoding_repository
from app.transcoding.checks import checks_of, is_blocking
from app.transcoding.evidence import lines_of
from app.transcoding.gathering import Pair, mapping_context, mappings_of
from app.transcoding.ledger import DecisionContent, NewFact, OpenRow, append_many, check_allowed, open_rows
from app.transcoding.weighing import Weighed, evidence_of, weigh_pairs

ROWS_AT_ONCE = 100
OPEN_THE_ROW = "Ouvrez la ligne : {}"
MOST_TICKED = 500
_ACTIONS = {
    CellFinding.CODE: Action.CHOOSE,
    CellFinding.NO_CODE: Action.NO_LOINC,
    CellFinding.OUT_OF_SCOPE: Action.OUT_OF_SCOPE,
}
NO_CODE_REASON = "Déclarée sans code LOINC dans le transcodage antérieur"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one statement."""

    local_test_id: int
    code: str
    label: str
    loinc_num: str
    is_confirmed: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A statement to confirm, and its row."""

    item: EarlierStatement
    row: OpenRow
    said: DecisionContent


def confirm(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, ticked: Mapping[int, int]
) -> list[Answer]:
    """Confirm statements, each with the version of its row that the reviewer saw; each has its own answer.

    A code that the row contradicts, or that a check forbids, is confirmed in the case alone, with its reasons.
    """
    access.require(*MAY_TAKE)
    if not ticked:
        raise InvalidInputError("Cochez au moins une ligne.")
    if len(ticked) > MOST_TICKED:
        raise InvalidInputError(f"Confirmez {MOST_TICKED} lignes au plus à la fois.")
    with transactions.reading() as session:
        items = repository.by_ids(session, access.catalogue_id, ticked)
        tests = transcoding_repository.local_tests(
            session, access.catalogue_id, [item.local_test_id or 0 for item in items]
        )
        run = current_run(session, access.catalogue_id)
        proposals = repository.proposed_codes(session, run.id, list(tests)) if run and run.id else {}
    unexplained = [
        (tests[item.local_test_id], item.loinc_num)
        for item in items
        if item.local_test_id in tests and item.loinc_num and not _proposal(proposals, item)
    ]
    weighed = weigh_pairs(transactions, settings, access, unexplained)
    answers: list[Answer] = []
    for start in range(0, len(items), ROWS_AT_ONCE):
        part = items[start : start + ROWS_AT_ONCE]
        with transactions.writing() as session:
            answers += _confirm_some(session, settings, access, part, ticked, tests, proposals, weighed)
        give_way(transactions.engine)
    return answers


def _proposal(proposals: Mapping[int, Sequence[Proposal]], item: EarlierStatement) -> Proposal | None:
    offered = proposals.get(item.local_test_id or 0, ())
    return next((proposal for proposal in offered if proposal.loinc_num == item.loinc_num), None)


def _confirm_some(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    items: Sequence[EarlierStatement],
    ticked: Mapping[int, int],
    tests: Mapping[int, LocalTest],
    proposals: Mapping[int, Sequence[Proposal]],
    weighed: Weighed,
) -> list[Answer]:
    opened = open_rows(session, access, {item.local_test_id: ticked[item.id] for item in items
                                         if item.local_test_id is not None and item.id is not None})  # fmt: skip
    refused: dict[int, str] = {}
    asked: list[_Asked] = []
    taken: set[int] = set()
    for item in items:
        assert item.id is not None
        test_id = item.local_test_id or 0
        try:
            if test_id in opened.stale:
                raise opened.stale[test_id]
            if test_id not in opened.rows:
                raise ConflictError("Cette ligne n'existe pas ou ne vous est pas ouverte.")
            if test_id in taken:
                raise ConflictError("Un autre code antérieur de cette ligne est coché : ouvrez-la pour choisir.")
            asked.append(_Asked(item, opened.rows[test_id], _content(item, opened.rows[test_id])))
            taken.add(test_id)
        except WorkbenchError as error:
            refused[item.id] = error.message
    sound = [one for one in asked if one.item.finding != CellFinding.CODE]
    for one, problem in _looked(session, settings, access, asked, proposals, weighed):
        if problem:
            refused[one.item.id or 0] = OPEN_THE_ROW.format(problem)
        else:
            sound.append(one)
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    release_id = context.release.id if context.release else None
    if sound:
        # First: what is learned of the decisions that follow waits for a biologist to approve these codes.
        mark_taken(session, access, [one.item for one in sound], EarlierUse.TO_CONFIRM)
    append_many(
        session,
        [
            NewFact(one.row, _action(one.item), one.said, release_id, proposal.id if proposal else None)
            for one in sound
            for proposal in [_proposal(proposals, one.item)]
        ],
    )
    return [_answer(item, tests.get(item.local_test_id or 0), refused.get(item.id or 0)) for item in items]


def _action(item: EarlierStatement) -> Action:
    return _ACTIONS[CellFinding(item.finding)]


def _content(item: EarlierStatement, row: OpenRow) -> DecisionContent:
    """What the reviewer says by confirming; raises when the statement alone does not say enough."""
    if standing_in_file(item.relation, item.status) is Standing.REJECTED:
        raise ConflictError("Le fichier dit ce code rejeté : il ne se confirme pas. Décidez dans le cas.")
    if not may_be_taken(item, EarlierUse.TO_CONFIRM):
        raise ConflictError("Ce code antérieur est absent, déprécié ou illisible : décidez dans le cas.")
    if row.state.status not in (Status.TODO, Status.DOUBT, Status.SENT_BACK):
        raise ConflictError("Cette ligne est déjà décidée.")
    if item.finding != CellFinding.CODE:
        reason = next((text for text in (item.reason, item.comment) if is_written(text)), NO_CODE_REASON)
        said = DecisionContent(reason=reason[:500], comment=item.comment or provenance(item))
        check_allowed(row, _action(item), said.reason)
        return said
    relation = relation_of(item.relation) if item.relation else Relation.EQUIVALENT
    if relation is None:
        raise ConflictError(OPEN_THE_ROW.format(f"la relation « {item.relation} » n'est pas de celles de l'atelier."))
    if relation is Relation.LOINC_NARROWER and not item.comment.strip():
        raise ConflictError(OPEN_THE_ROW.format("un code plus étroit que l'analyse demande un commentaire."))
    said = DecisionContent(item.loinc_num, relation, provenance(item), item.comment)
    check_allowed(row, Action.CHOOSE, said.reason)
    return said


def _looked(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    asked: Sequence[_Asked],
    proposals: Mapping[int, Sequence[Proposal]],
    weighed: Weighed,
) -> list[tuple[_Asked, str]]:
    """What keeps each code from being confirmed without its case; empty when nothing does."""
    coded = [one for one in asked if one.item.finding == CellFinding.CODE]
    pairs = []
    for one in coded:
        proposal = _proposal(proposals, one.item)
        lines = (
            lines_of(proposal.evidence)
            if proposal
            else evidence_of(session, settings, one.row.test, one.item.loinc_num, weighed)
        )
        pairs.append(Pair(one.row.test, one.item.loinc_num, lines))
    context = mapping_context(session, access.catalogue_id, access.laboratory_id)
    found = []
    for one, mapping in zip(coded, mappings_of(session, context, pairs), strict=True):
        checks = checks_of(mapping)
        problem = ""
        if is_blocking(checks):
            problem = checks[0].sentence
        elif contradictions_of(mapping.lines):
            problem = " ".join(contradictions_of(mapping.lines))
        found.append((one, problem))
    return found


def _answer(item: EarlierStatement, test: LocalTest | None, problem: str | None) -> Answer:
    code, label = (test.code, test.label) if test else (item.local_code, item.label)
    done = "Confirmée : à approuver par un biologiste."
    if item.finding == CellFinding.CODE and not item.relation:
        done += " Relation : équivalent, que le fichier ne disait pas."
    message = done if problem is None else problem
    return Answer(item.local_test_id or 0, code, label, item.loinc_num, problem is None, message)
