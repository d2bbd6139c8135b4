"""Catalogues and histories drawn by Hypothesis, written straight into the tables of a transaction never committed."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from app.models import (
    AuditEvent,
    Catalogue,
    CatalogueChange,
    Decision,
    ExamAnalysis,
    GraceDate,
    LocalTest,
    LoincRelease,
    LoincTerm,
    ReadingReconciliation,
    ReadingRequest,
    ReviewState,
    SecondReading,
    SourceFile,
)
from app.models.public_identifiers import new_public_id
from app.transcoding.facts import derive_state
from tests.conftest import BIOLOGIST, TRANSCODER, World

BEGINNING = datetime(2026, 3, 20, 23, tzinfo=UTC)
"""The night of 28 March 2026 is the short one."""
CODES = ("2951-2", "2823-3", "2075-0", "19146-0", "2951-3")
"""One is the placeholder, one has a wrong check digit."""
VOLUMES = st.none() | st.integers(0, 3) | st.integers(0, 10**6)
MOMENTS = st.integers(0, 12 * 24 * 2).map(lambda halves: BEGINNING + timedelta(minutes=30 * halves))
DAYS = st.integers(0, 13).map(lambda number: date(2026, 3, 21) + timedelta(days=number))


@dataclass
class History:
    """What was drawn."""

    rows: list[dict[str, Any]]
    exams: list[tuple[int, str, int | None]]
    facts: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    readings: list[dict[str, Any]]
    grace: list[tuple[datetime, date | None]]
    switches: list[tuple[datetime, int]]
    statuses: list[dict[str, str]]
    """Of each of three releases: code -> status."""
    days: list[date] = field(default_factory=list)


@st.composite
def histories(draw: st.DrawFn) -> History:
    count = draw(st.integers(1, 9))
    rows = []
    for number in range(count):
        level = draw(st.sampled_from(["analysis", "analysis", "exam", "chapter"]))
        gone = draw(st.integers(0, 6)) == 0
        rows.append(
            {
                "level": level, "code": draw(st.sampled_from(["A", "B", " A ", "C D", "C  D", "", f"X{number}"])),
                "label": draw(st.sampled_from(["=1+1", "'x", "Sodium; dosage", 'dit "Na"', "a\r\nb", "é\u2028"])),
                "chapter": draw(st.sampled_from(["", "", "Biochimie", "Ions"])),
                "chapter_code": draw(st.sampled_from(["", "A", "BIO"])), "is_subcontracted": draw(st.booleans()),
                "is_retired": gone or draw(st.integers(0, 5)) == 0, "retired_at": draw(MOMENTS) if gone else None,
                "annual_volume": draw(VOLUMES),
            }
        )  # fmt: skip
    analyses = [number for number, row in enumerate(rows) if row["level"] == "analysis"]
    exams = []
    for number, row in enumerate(rows):
        if row["level"] == "exam":
            held = draw(st.lists(st.sampled_from([None, *analyses]), max_size=3, unique=True))
            exams += [(number, f"C{place}" if one is None else rows[one]["code"] + f"~{place}", one)
                      for place, one in enumerate(held)]  # fmt: skip
    facts = []
    for moment in sorted(draw(st.lists(MOMENTS, max_size=24))):
        row = draw(st.integers(0, count - 1))
        earlier = [place for place, fact in enumerate(facts) if fact["row"] == row]
        action = draw(
            st.sampled_from(
                ["choose", "choose", "choose", "approve", "approve", "approve", "no_loinc", "out_of_scope", "doubt",
                 "send_back", "reimport", "comment", "undo", "flag"]
            )
        )  # fmt: skip
        undoes = draw(st.sampled_from(earlier)) if action == "undo" and earlier else None
        facts.append({"row": row, "at": moment, "action": action, "undoes": undoes,
                      "code": draw(st.sampled_from(CODES)) if action == "choose" else ""})  # fmt: skip
    changes = []
    for moment in sorted(draw(st.lists(MOMENTS, max_size=6))):
        kind = draw(st.sampled_from(["added", "changed", "changed", "changed", "removed", "returned"]))
        name = draw(st.sampled_from(["chapter", "code", "is_subcontracted", "is_retired", "annual_volume", "unit",
                                     "analyses", "chapter_code"])) if kind == "changed" else ""  # fmt: skip
        old = {"is_subcontracted": ["oui", "non"], "is_retired": ["oui", "non"], "annual_volume": ["", "7"],
               "analyses": ["A, B", "", "A, C D…"], "unit": ["g/L"]}.get(name, ["A", "B", ""])  # fmt: skip
        changes.append({"row": draw(st.integers(0, count - 1)), "at": moment, "kind": kind, "field": name,
                        "old": draw(st.sampled_from(old)) if name else ""})  # fmt: skip
    chosen = [place for place, fact in enumerate(facts) if fact["action"] == "choose"]
    readings = []
    for place in draw(st.lists(st.sampled_from(chosen), max_size=3, unique=True)) if chosen else []:
        of_row = [n for n, fact in enumerate(facts) if fact["row"] == facts[place]["row"] and fact["action"] != "undo"]
        ends = draw(st.none() | st.sampled_from(of_row))
        readings.append({"decision": place, "said": draw(st.none() | MOMENTS), "agrees": draw(st.booleans()),
                         "ends": ends, "ended": draw(MOMENTS)})  # fmt: skip
    status = st.sampled_from(["", "ACTIVE", "ACTIVE", "DEPRECATED", "TRIAL"])
    return History(
        rows, exams, facts, changes, readings,
        draw(st.lists(st.tuples(MOMENTS, st.none() | DAYS), max_size=2)),
        sorted(draw(st.lists(st.tuples(MOMENTS, st.integers(0, 2)), max_size=2))),
        [{code: draw(status) for code in CODES} for _ in range(3)],
        draw(st.lists(DAYS, min_size=1, max_size=3, unique=True)),
    )  # fmt: skip


def write(session: Session, world: World, history: History) -> Catalogue:
    """The catalogue with its history, in this transaction."""

    def add(model: type[SQLModel], **values: Any) -> int:
        table = model.__table__  # type: ignore[attr-defined]
        given = {"public_id": new_public_id(), **values} if "public_id" in table.columns else values
        blank = {c.name: c.default.arg for c in table.columns if c.default is not None and c.default.is_scalar}
        result = session.execute(insert(table).values({**blank, **given}))
        return int(result.inserted_primary_key[0])

    people = (world.user_id(TRANSCODER), world.user_id(BIOLOGIST))
    catalogue_id = add(Catalogue, laboratory_id=world.laboratory_id, name="Tiré au sort", created_at=BEGINNING)
    file_id = add(SourceFile, catalogue_id=catalogue_id, kind="LOINC_3", file_name="x.csv",
                  sha256=sha256(b"").hexdigest(), content=b"", dialect={}, columns={},
                  imported_at=BEGINNING)  # fmt: skip
    releases = []
    for number, statuses in enumerate(history.statuses):
        current = history.switches[-1][1] if history.switches else 0
        release = add(LoincRelease, version=f"2.8{number}", kind="official", is_current=number == current,
                      loaded_at=BEGINNING)  # fmt: skip
        releases.append(release)
        for code, status in statuses.items():
            if status:
                add(LoincTerm, release_id=release, loinc_num=code, component=code, status=status)
    before = "2.80"
    for moment, number in history.switches:
        add(AuditEvent, at=moment, action="terminology.make_current", object_type="loinc_release",
            object_id=str(releases[number]), details={"version": f"2.8{number}", "previous": before})  # fmt: skip
        before = f"2.8{number}"
    for moment, day in history.grace:
        add(GraceDate, last_day=day, author_id=people[1], created_at=moment)
    ids = [
        add(LocalTest, catalogue_id=catalogue_id, position=number, occurrence=number, **row)
        for number, row in enumerate(history.rows)
    ]
    for exam, code, analysis in history.exams:
        add(ExamAnalysis, exam_id=ids[exam], analysis_code=code, analysis_label="",
            analysis_id=None if analysis is None else ids[analysis])  # fmt: skip
    facts: list[Decision] = []
    for fact in history.facts:
        undoes = facts[fact["undoes"]].id if fact["undoes"] is not None else None
        values = {
            "local_test_id": ids[fact["row"]], "action": fact["action"], "loinc_num": fact["code"],
            "author_id": people[fact["action"] in ("approve", "send_back")], "author_role": "transcoder",
            "created_at": fact["at"], "undoes_id": undoes, "release_id": releases[0],
            "reason": "", "comment": "", "justification": "", "relation": "",
        }  # fmt: skip
        facts.append(Decision(id=add(Decision, **values), **values))
    for row_id in ids:
        state = derive_state([fact for fact in facts if fact.local_test_id == row_id])
        add(ReviewState, local_test_id=row_id, **{name: getattr(state, name) for name in type(state).__slots__})
    for change in history.changes:
        add(CatalogueChange, catalogue_id=catalogue_id, local_test_id=ids[change["row"]], source_file_id=file_id,
            kind=change["kind"], field=change["field"], old=change["old"], new="", created_at=change["at"])  # fmt: skip
    for reading in history.readings:
        decision = facts[reading["decision"]]
        request = add(ReadingRequest, catalogue_id=catalogue_id, local_test_id=decision.local_test_id, origin="share",
                      decision_id=decision.id, discipline="", created_at=decision.created_at)  # fmt: skip
        if reading["said"] is None:
            continue
        said = add(SecondReading, request_id=request, action="choose", is_agreement=reading["agrees"],
                   author_id=people[1], author_role="biologist", created_at=reading["said"])  # fmt: skip
        if reading["ends"] is not None:
            taken = {item["ends"] for item in history.readings[: history.readings.index(reading)]}
            if reading["ends"] not in taken:
                add(ReadingReconciliation, reading_id=said, decision_id=facts[reading["ends"]].id, reason="x",
                    author_id=people[1], author_role="biologist", created_at=reading["ended"])  # fmt: skip
    return session.get_one(Catalogue, catalogue_id)
