"""Gathering the facts of a catalogue, once, for all that goes out of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from app.files.kinds import SECTIONS
from app.models import (
    Catalogue,
    Laboratory,
    Outcome,
    Status,
    ValueSetKind,
)
from app.publication import repository
from app.publication.assessment import Assessment, assess
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest
from app.publication.state import PublishedState, state_of
from app.publication.statement import Statement
from app.terminology.carried import refuse_figures
from app.transcoding.readers import hidden_in
from app.transcoding.standing import gone, in_use

UNREAD_TWICE = "en attente de deuxième lecture (à l’aveugle)"
CIRCUIT_PRODUCER = "ANS, Circuit de la biologie"
CHAPTERS_PRODUCER = "ANS, chapitres LOINC"


@dataclass(frozen=True, slots=True)
class CatalogueFacts:
    """Everything an export of a catalogue is made of, read once."""

    laboratory: Laboratory
    catalogue: Catalogue
    release: PublishedRelease | None
    tests: tuple[PublishedTest, ...]
    circuit: frozenset[str] | None
    state: PublishedState
    removed: tuple[PublishedTest, ...] = ()
    """Rows that no newer export holds and that have no approved code: a list of all codes still has theirs."""
    version_label: str = ""
    """Which signed version this is, given by the rooms above."""

    @property
    def catalogue_id(self) -> int:
        """Identifier of the catalogue."""
        assert self.catalogue.id is not None
        return self.catalogue.id

    def assessment(self, row_by_row: bool = False) -> Assessment:
        """What leaves, and what its reader will say; `row_by_row` where a person reads rows (see `assess`)."""
        return replace(assess(self.tests, self.release, self.circuit, row_by_row), removed=self.removed)


def named(test: PublishedTest, circuit: dict[str, str], sections: dict[str, str]) -> PublishedTest:
    """The test with the names that the ANS value sets give to its code, when the release gives none."""
    term = test.term
    if term is None and test.level in SECTIONS and test.loinc_num in sections:
        label = sections[test.loinc_num]
        return replace(test, term=PublishedTerm(test.loinc_num, label, label, CHAPTERS_PRODUCER))
    if term is not None and not term.french_name and circuit.get(term.loinc_num):
        translated = replace(term, french_name=circuit[term.loinc_num], french_producer=CIRCUIT_PRODUCER)
        return replace(test, term=translated)
    return test


def unread_twice(test: PublishedTest) -> PublishedTest:
    """The test without anything of its decision, for who may read it a second time."""
    return replace(
        test, status=Status.DECIDED, is_withdrawn=False, outcome=Outcome.NONE, loinc_num="", relation="",
        reason=UNREAD_TWICE, justification="", comments=(), release_version="", decided_by="", decided_at=None,
        approved_by="", approved_at=None, term=None,
    )  # fmt: skip


def gather(
    session: Session, laboratory: Laboratory, catalogue: Catalogue, blind_to: int | None = None
) -> CatalogueFacts:
    """Read everything that the exports of a catalogue need.

    For a `blind_person`, rows whose decision is hidden from her say nothing of it (`unread_twice`). Raises
    ConflictError for a laboratory that came from elsewhere and whose release or list is not loaded here.
    """
    assert catalogue.id is not None
    refuse_figures(session, laboratory)
    release = repository.current_release(session)
    circuit = repository.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE)
    sections = repository.value_set_labels(session, ValueSetKind.CHAPTERS)
    rows = repository.every_test(session, catalogue.id, release)
    hidden = hidden_in(session, blind_to, catalogue.id)
    rows = [unread_twice(test) if test.id in hidden else test for test in rows]
    with_names = tuple(named(test, circuit or {}, sections or {}) for test in in_use(rows))
    allowed = None if circuit is None else frozenset(circuit) | frozenset(sections or {})
    state = state_of(session, laboratory, catalogue)
    return CatalogueFacts(laboratory, catalogue, release, with_names, allowed, state, tuple(gone(rows)))


def statement_of(facts: CatalogueFacts, assessment: Assessment, made_at: datetime, made_by: str) -> Statement:
    """What an export with these rows states."""
    return Statement.of(
        assessment,
        laboratory=facts.laboratory.name,
        catalogue=facts.catalogue.name,
        release=facts.release,
        made_at=made_at,
        made_by=made_by,
        changed_at=facts.state.changed_at,
        version_label=facts.version_label,
    )


def transcoding_date(assessment: Assessment, fallback: datetime) -> datetime:
    """The date of the transcoding: that of the last approval among the rows that leave with a code."""
    moments = [test.approved_at for test in assessment.tests if test.id in assessment.names]
    return max((moment for moment in moments if moment is not None), default=fallback)
