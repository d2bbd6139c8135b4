"""What the gate says beforehand is what becomes of the rows, reason for reason."""

import csv
import io
from collections import Counter
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from app.batches import group_asking, routes
from app.batches.asking import Asked, sift, through_gate
from app.batches.group_asking import Answer, SiftedGroup, sift_group
from app.errors import ConflictError
from app.models import Action, Level, LocalTest, LoincTerm, Proposal, ProposalRun
from app.platform.database import reading, transaction
from app.review.marks import mark_candidate, mark_row
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import checks_of_choice
from app.transcoding.evidence import lines_of
from app.transcoding.gathering import Pair, mapping_context, mappings_of, what_stops
from app.worklist.query import ReviewQuery
from matcher.types import Band
from tests.app.batches.sample import add_rows
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor

Change = Callable[[Session, Desk, LocalTest, Proposal], None]
LOT = ReviewQuery(only={"chapitre": ("Lot",)})


def _term(session: Session, number: str, **fields: str) -> None:
    term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == number)).one()
    for name, value in fields.items():
        setattr(term, name, value)


def chapter(_session: Session, _desk: Desk, test: LocalTest, _proposal: Proposal) -> None:
    test.level = Level.CHAPTER


def percent(session: Session, _desk: Desk, test: LocalTest, proposal: Proposal) -> None:
    test.unit = "%"
    proposal.loinc_num = "2947-0"
    _term(session, "2947-0", property="NCnc")


def no_number(session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.loinc_num = "25428-4"


def rate(_session: Session, _desk: Desk, test: LocalTest, proposal: Proposal) -> None:
    test.unit = "mmol/24h"
    proposal.loinc_num = "2955-3"


def contradicted(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.has_contradiction = True


def contradicted_in_its_lines(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.evidence = [{"axis": "method", "verdict": "contradict", "sentence": "La technique contredit."}]


def retired(session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.loinc_num = "1988-5"
    _term(session, "1988-5", status="DEPRECATED")


def unknown(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.loinc_num = "99999-9"


def unread(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.unread = "words"


def unread_and_stopped(session: Session, desk: Desk, test: LocalTest, proposal: Proposal) -> None:
    chapter(session, desk, test, proposal)
    unread(session, desk, test, proposal)


def low(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.band = "to_check"


def nothing(session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    session.delete(proposal)


def nontest(_session: Session, _desk: Desk, _test: LocalTest, proposal: Proposal) -> None:
    proposal.rank, proposal.loinc_num = 0, ""


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        chapter, percent, no_number, rate, contradicted, contradicted_in_its_lines, retired, unknown, unread,
        unread_and_stopped, low, nothing, nontest,
    )
}  # fmt: skip


def make(desk: Desk, change: str) -> list[int]:
    """Three rows, the second of which is changed."""
    ids = add_rows(desk, 3)
    with transaction(desk.engine) as session:
        proposal = session.exec(select(Proposal).where(Proposal.local_test_id == ids[1])).one()
        CHANGES[change](session, desk, session.get_one(LocalTest, ids[1]), proposal)
    return ids


@pytest.mark.parametrize("with_unread", [False, True])
@pytest.mark.parametrize("change", [*CHANGES, "decided", "no_code", "doubt", "flag", "set_aside"])
def test_what_the_gate_announces_is_what_becomes_of_each_row(
    desk: Desk, client_for: ClientFor, change: str, with_unread: bool
) -> None:
    if change in CHANGES:
        make(desk, change)
    else:
        ids = add_rows(desk, 3)
        if change == "decided":
            desk.decide(ids[1], loinc_num="2951-2")
        elif change == "no_code":
            desk.decide(ids[1], Action.NO_LOINC, reason="aucun")
        elif change == "doubt":
            desk.decide(ids[1], Action.DOUBT, reason="pourquoi ?")
        elif change == "set_aside":
            with transaction(desk.engine) as session:
                mark_candidate(session, desk.access(), ids[1], 0, Action.REJECT_CANDIDATE, "2951-2")
        else:
            with transaction(desk.engine) as session:
                mark_row(session, desk.access(BIOLOGIST), ids[1], 0, Action.FLAG)
    with reading(desk.engine) as session:
        told, _ = through_gate(session, desk.access(), Asked(LOT, Band.SURE, with_unread=with_unread))
        announced = {row.local_test_id: reason for row, reason in told.refused}
    client = client_for(TRANSCODER)
    answer = client.post(f"{desk.base}/lots?chapitre=Lot{'&non_lues=oui' if with_unread else ''}")
    assert answer.status_code == 303, answer.text[:2000]
    text = client.get(f"{answer.headers['location']}?format=csv").text.lstrip("\ufeff")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))[1:]
    results = Counter((row[9], row[10]) for row in rows)
    expected = Counter([("Enregistrée", "")] * len(told.passing) + [("Laissée", said) for said in announced.values()])
    assert results == expected
    is_taken = change == "unread" and with_unread
    assert len(told.passing) == (3 if is_taken else 2), "what is tested is a row that stays"


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in ("nothing", "nontest")])
def test_what_stops_is_what_every_check_says_that_is_no_mere_warning(desk: Desk, change: str) -> None:
    """Gathering less for thousands of rows changes nothing of what stops."""
    ids = make(desk, change)
    with reading(desk.engine) as session:
        context = mapping_context(session, desk.catalogue_id, desk.access().laboratory_id)
        pairs = []
        for row_id in ids:
            proposal = session.exec(select(Proposal).where(Proposal.local_test_id == row_id)).one()
            pairs.append(Pair(session.get_one(LocalTest, row_id), proposal.loinc_num, lines_of(proposal.evidence)))
        full = [
            " ".join(check.sentence for check in checks_of_choice(mapping) if check.severity != CheckSeverity.WARNING)
            for mapping in mappings_of(session, context, pairs)
        ]
        assert what_stops(session, context, pairs) == full


def test_a_code_outside_of_the_chapters_is_announced_on_the_page(desk: Desk, client_for: ClientFor) -> None:
    make(desk, "chapter")
    page = client_for(TRANSCODER).get(f"{desk.base}/lots/nouveau?chapitre=Lot").text
    assert "<strong>2</strong> lignes passent, 1 reste à une personne" in page
    assert "pas dans la liste des codes de chapitre" in page


def test_the_gate_of_a_batch_is_refused_when_every_row_is_stopped(desk: Desk) -> None:
    ids = add_rows(desk, 1)
    with transaction(desk.engine) as session:
        session.get_one(LocalTest, ids[0]).level = Level.CHAPTER
    with reading(desk.engine) as session, pytest.raises(ConflictError):
        sift(session, desk.access(), Asked(LOT))


def test_the_rows_of_a_group_are_looked_at_before_the_write_begins(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other write waits while up to thousands of rows are read."""
    ids = add_rows(desk, 3, label="SODIUM")
    found = group_asking.candidates_of

    def looking(session: Session, *rest: object) -> object:
        with transaction(desk.engine) as other:
            # On a database with one writer, this could not begin within a write.
            other.get_one(LocalTest, desk.glucose).annual_volume = 77
        return found(session, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(group_asking, "candidates_of", looking)
    client = client_for(TRANSCODER)
    data = {"action": "no_loinc", "reason": "essai", "lignes": [f"{row}:0" for row in ids]}
    assert client.post(f"{desk.base}/revue/{ids[0]}/groupe", data=data).status_code == 303
    assert routes.sift_group is group_asking.sift_group
    with reading(desk.engine) as session:
        assert session.get_one(LocalTest, desk.glucose).annual_volume == 77


def test_a_group_proposed_anew_since_its_gate_is_shown_again(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 2, label="SODIUM")

    def proposed_meanwhile(session: Session, *rest: object) -> SiftedGroup:
        sifted = sift_group(session, *rest)  # type: ignore[arg-type]
        with transaction(desk.engine) as other:
            run = other.get_one(ProposalRun, desk.run.id)
            run.is_current = False
            other.add(run)
        return sifted

    monkeypatch.setattr(routes, "sift_group", proposed_meanwhile)
    data = {"action": "no_loinc", "reason": "essai", "lignes": [f"{row}:0" for row in ids]}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    assert answer.status_code == 409
    assert "viennent d&#39;être recalculées" in answer.text
    with reading(desk.engine) as session:
        assert sift_group(session, desk.access(), ids[0], {ids[0]: 0}, Answer(Action.NO_LOINC, reason="essai")).rows
