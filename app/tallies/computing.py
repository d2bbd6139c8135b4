"""Computing entries from the facts alone: what the queue shows of a row, and where the row stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

from sqlmodel import Session

from app.catalogues.matcher_input import to_matcher
from app.consistency.rules import name_mark, twin_mark
from app.coverage import repository as coverage
from app.coverage.judging import LEAVING
from app.models import Level, Outcome, Status, ValueSetKind, WorklistEntry
from app.publication import repository as publication
from app.publication.assessment import assess
from app.publication.schemas import PublishedRelease, PublishedTerm, PublishedTest, SglSeverity
from app.publication.service import named
from app.tallies import marks, repository
from app.tallies.counting import CODED
from app.transcoding import repository as transcoding
from app.transcoding.opposed_words import opposed_of
from app.transcoding.standing import Standing, counted_standings, in_use, local_key
from app.transcoding.under_way import leaves_out_deprecated
from app.worklist import queue_sql
from app.worklist.queue import run_id_of
from matcher import LocalTest as MatcherTest
from matcher.knowledge import signature, surroundings
from matcher.normalise.text import fold, words

COLUMNS = tuple(WorklistEntry.__table__.c.keys())  # type: ignore[attr-defined]
QUEUE_COLUMNS = frozenset(
    {
        "position", "level", "code", "label_key", "specimen", "unit", "chapter", "subcontracted", "retired", "task",
        "volume", "status", "status_rank", "outcome", "loinc_num", "comment", "flag", "author", "best_loinc",
        "band", "confidence", "contradiction", "has_proposal", "nontest", "priority", "assignee", "margin",
        "volume_band",
    }
)  # fmt: skip
"""What an entry copies from the definition of the queue."""
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Terminology:
    """What the codes of a catalogue are judged against."""

    release: PublishedRelease | None
    circuit: Mapping[str, str] | None
    sections: Mapping[str, str] | None

    @property
    def allowed(self) -> frozenset[str] | None:
        """Those of the codes asked for that raise no warning of circuit; None when no list is loaded."""
        return None if self.circuit is None else frozenset(self.circuit) | frozenset(self.sections or {})


def terminology_of(session: Session, numbers: Collection[str]) -> Terminology:
    """The release in use, and what the lists in use say of these codes: a decision does not read a whole list."""
    return Terminology(
        _release(session),
        publication.value_set_labels(session, ValueSetKind.CIRCUIT_BIOLOGIE, numbers),
        publication.value_set_labels(session, ValueSetKind.CHAPTERS, numbers),
    )


def _release(session: Session) -> PublishedRelease | None:
    """The release in use, its retired codes judged by the stored rule and not by the clock (`app.tallies.rule`)."""
    release = publication.current_release(session)
    if release is None:
        return None
    return replace(release, grace=replace(release.grace, is_over=leaves_out_deprecated(session)))


def whole_catalogue(session: Session, catalogue_id: int) -> dict[int, Values]:
    """The entries of a catalogue by row."""
    links = coverage.links_of(session, catalogue_id)
    found = _entries(session, catalogue_id, None, links, {})
    chapters = coverage.chapter_labels(session, catalogue_id)
    facts = repository.chapters_of(session, catalogue_id)
    counted = [row for row in facts if row.level in (Level.ANALYSIS, Level.EXAM)]
    own = {row.id: row.chapter or chapters.get(row.chapter_code, row.chapter_code) for row in counted}
    inherited = coverage.inherited_chapters(links, own)
    for row_id, chapter in own.items():
        found[row_id]["counted_chapter"] = chapter or inherited.get(row_id, "")
    return found


def some_rows(session: Session, catalogue_id: int, stored: Mapping[int, Values]) -> dict[int, Values]:
    """The entries of these rows, whose texts and links did not change since they were stored.

    They must hold every row that shares a local code with one of them.
    """
    links = repository.analyses_of_exams(
        session, [row_id for row_id, entry in stored.items() if entry["level"] == Level.EXAM]
    )
    wanted = {id_ for ids in links.values() for id_ in ids if id_ is not None} - stored.keys()
    others = repository.standings_of(session, wanted)
    found = _entries(session, catalogue_id, list(stored), links, others)
    for row_id, entry in found.items():
        entry["counted_chapter"] = stored[row_id]["counted_chapter"]
    return found


def fresh_rows(session: Session, catalogue_id: int, ids: Collection[int]) -> dict[int, Values]:
    """The entries of these rows, stored or not, from the facts and from the stored standings of other analyses.

    They must hold every row that shares a local code with one of them.
    """
    links = repository.analyses_of_exams(session, ids)
    wanted = {id_ for found in links.values() for id_ in found if id_ is not None} - set(ids)
    found = _entries(session, catalogue_id, sorted(ids), links, repository.standings_of(session, wanted))
    for row_id, chapter in marks.counted_chapters(session, catalogue_id, ids).items():
        found[row_id]["counted_chapter"] = chapter
    return found


def stored_key(row: Any) -> str:
    """The local key of a row as entries hold it."""
    return "\x1f".join(local_key(row)).replace("\0", "#")


def _entries(
    session: Session,
    catalogue_id: int,
    ids: Sequence[int] | None,
    links: Mapping[int, Sequence[int | None]],
    others: Mapping[int, str],
) -> dict[int, Values]:
    """Entries without `counted_chapter`; `others` are the standings of analyses that are not among these rows."""
    runs = transcoding.runs_of(session, catalogue_id)
    rows = queue_sql.rows_with(session, catalogue_id, run_id_of(runs), QUEUE_COLUMNS, ids)
    found: dict[int, Values] = {}
    for row in rows:
        values = {name: getattr(row, name) for name in QUEUE_COLUMNS}
        found[row.id] = {**_BLANK, **values, "local_test_id": row.id, "catalogue_id": catalogue_id}
    terminology = terminology_of(session, {entry["loinc_num"] for entry in found.values() if entry["loinc_num"]})
    tests = _tests(session, catalogue_id, ids, terminology)
    _judge(found, tests, terminology)
    for test, approval, key, matched, marks_of_row in tests.values():
        entry = found[test.id]
        entry["signature"] = key
        entry["group_key"] = group_key(matched, entry["best_loinc"], links.get(test.id, ()))
        entry["name_mark"], entry["twin_mark"], entry["opposed"] = marks_of_row
        codes = f"{entry['loinc_num']} {entry['best_loinc']}"
        entry["searched"] = fold(f"{test.code} {test.label} {test.synonym} {codes}")
        entry["local_key"] = stored_key(test)
        if approval is not None:
            entry["approved_by_id"], entry["approved_at"] = approval
    _mark_exams(found, links, others)
    return found


_BLANK: Values = {
    "searched": "", "local_key": "", "counted_chapter": "", "standing": "", "all_analyses": False, "is_emptied": False,
    "lost_links": 0,    "leaves": "", "blocking": 0, "warnings": 0, "producer": "", "signature": "", "group_key": "",
    "approved_by_id": None, "approved_at": None, "name_mark": 0, "twin_mark": 0, "opposed": "",
}  # fmt: skip


_Marks = tuple[int, int, str]


class _Test(NamedTuple):
    """A row, who approved it and when, the signature of an approved code, its text, the marks of a decided one."""

    test: PublishedTest
    approval: tuple[int, Any] | None
    signature: str
    matched: MatcherTest
    marks: _Marks


def group_key(test: MatcherTest, best_loinc: str = "", analyses: Collection[int | None] = ()) -> str:
    """What two rows share when they say the same on every axis, unit included: never the label alone.

    `best_loinc` is the first proposal: rows that the engine read apart, by their exam for instance, are two tests.
    `analyses` are those of an exam: two exams of one name that hold other analyses are two exams.
    """
    said = (
        signature(test), " ".join(words(test.synonym)), " ".join(words(test.property_kind)), best_loinc,
        surroundings(test, bool(best_loinc)), " ".join(sorted(str(row_id) for row_id in analyses)),
    )  # fmt: skip
    return sha256("\x1f".join(said).encode()).hexdigest()[:32]


def _tests(
    session: Session, catalogue_id: int, ids: Collection[int] | None, terminology: Terminology
) -> dict[int, _Test]:
    """The rows as what goes out is judged by, with who approved and when."""
    release_id = terminology.release.id if terminology.release else None
    circuit, sections = dict(terminology.circuit or {}), dict(terminology.sections or {})
    release = terminology.release
    found: dict[int, _Test] = {}
    for row in repository.standing_facts(session, catalogue_id, release_id, ids):
        term = None
        if row.term_num and release is not None:
            left_out = release.leaves_out(row.term_status)
            term = PublishedTerm(
                row.term_num, "", row.french_name, row.french_producer, row.term_status, is_left_out=left_out
            )
        matched = to_matcher(row)
        test = PublishedTest(
            id=row.id,
            level=Level(row.level),
            code=row.code,
            label=row.label,
            synonym=row.synonym,
            chapter_code=row.chapter_code,
            is_retired=row.is_retired,
            retired_at=row.retired_at,
            status=Status(row.status or Status.TODO),
            outcome=Outcome(row.outcome or Outcome.NONE),
            loinc_num=row.loinc_num or "",
            term=term,
        )
        # An approval that two readings suspend is nobody's until they are reconciled.
        is_approved = row.status == Status.APPROVED and row.approved_by_id
        approval = (row.approved_by_id, row.approved_at) if is_approved else None
        has_code = test.status is Status.APPROVED and test.outcome is Outcome.CODE
        said = named(test, circuit, sections)
        key = signature(matched) if has_code else ""
        found[row.id] = _Test(said, approval, key, matched, _marks_of(row.loinc_num, matched))
    return found


def _marks_of(loinc_num: str | None, test: MatcherTest) -> _Marks:
    """The marks by which rows with a code are compared (`app.consistency.rules`); nothing of any other row."""
    if not loinc_num:
        return 0, 0, ""
    return name_mark(test.label), twin_mark(test), opposed_of(test.label, test.specimen)


def _judge(found: dict[int, Values], tests: Mapping[int, _Test], terminology: Terminology) -> None:
    """Write in the entries where the rows stand, and what their export will say."""
    rows = [item.test for item in tests.values()]
    for row_id, standing in counted_standings(rows).items():
        found[row_id]["standing"] = standing.value
        if standing is Standing.DEPRECATED:
            # To be coded again, whether or not a change of release opened a task for it.
            found[row_id]["task"] = "1"
    going = in_use(rows)
    assessment = assess(going, terminology.release, terminology.allowed)
    for test in going:
        entry = found[test.id]
        reason = assessment.reasons.get(test.id)
        entry["leaves"] = CODED if reason is None else reason.value
        if test.id in assessment.names:
            entry["producer"] = assessment.names[test.id].french_producer
    for issue in assessment.issues:
        found[issue.test.id]["blocking" if issue.severity is SglSeverity.BLOCKING else "warnings"] += 1


def _mark_exams(
    found: dict[int, Values], links: Mapping[int, Sequence[int | None]], others: Mapping[int, str]
) -> None:
    """Whether each row counts by its analyses: see `app.coverage.tables`."""
    for row_id, entry in found.items():
        if entry["level"] != Level.EXAM:
            entry["all_analyses"] = entry["standing"] == Standing.TRANSCODED
            continue
        analyses = links.get(row_id, ())
        entry["lost_links"] = sum(id_ is None for id_ in analyses)
        stands = [_standing_of(id_, found, others) for id_ in analyses]
        wanted = [standing for standing in stands if standing not in LEAVING]
        entry["all_analyses"] = bool(wanted) and all(standing == Standing.TRANSCODED for standing in wanted)
        entry["is_emptied"] = bool(stands) and not wanted


def _standing_of(id_: int | None, found: Mapping[int, Values], others: Mapping[int, str]) -> str:
    """Where an analysis stands; one that the catalogue does not hold cannot have been approved."""
    if id_ is None:
        return Standing.UNFINISHED
    return str(found[id_]["standing"]) if id_ in found else others.get(id_, Standing.UNFINISHED)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries say the same."""
    return all(one[name] == other[name] for name in COLUMNS)


def changed(before: Mapping[int, Values], after: Mapping[int, Values]) -> Iterable[Values]:
    """The entries of `after` that are not in `before`, or are otherwise there."""
    return (entry for row_id, entry in after.items() if row_id not in before or not same(before[row_id], entry))
