"""A catalogue large enough to time, varied enough to filter: made by arithmetic, the same every time."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import Session, select

from app.models import (
    Action,
    Decision,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Outcome,
    Proposal,
    ProposalRun,
    Relation,
    ReviewState,
    Role,
    RunStatus,
    Status,
)
from app.platform.database import transaction

TERMS = (
    ("2951-2", "Sodium", "SCnc", "Pt", "Ser/Plas", "Qn", "", "mmol/L", "Sodium [Moles/volume] in Serum or Plasma"),
    ("2947-0", "Sodium", "SCnc", "Pt", "Bld", "Qn", "", "mmol/L", "Sodium [Moles/volume] in Blood"),
    ("2955-3", "Sodium", "SCnc", "Pt", "Urine", "Qn", "", "mmol/L", "Sodium [Moles/volume] in Urine"),
    ("2956-1", "Sodium", "SRat", "24H", "Urine", "Qn", "", "mmol/(24.h)", "Sodium [Moles/time] in 24 hour Urine"),
    ("14749-6", "Glucose", "SCnc", "Pt", "Ser/Plas", "Qn", "", "mmol/L", "Glucose [Moles/volume] in Serum or Plasma"),
    ("2345-7", "Glucose", "MCnc", "Pt", "Ser/Plas", "Qn", "", "mg/dL", "Glucose [Mass/volume] in Serum or Plasma"),
    ("5792-7", "Glucose", "MCnc", "Pt", "Urine", "Qn", "Test strip", "mg/dL",
     "Glucose [Mass/volume] in Urine by Test strip"),
    ("25428-4", "Glucose", "PrThr", "Pt", "Urine", "Ord", "Test strip", "",
     "Glucose [Presence] in Urine by Test strip"),
    ("30522-7", "C reactive protein", "MCnc", "Pt", "Ser/Plas", "Qn", "High sensitivity method", "mg/L",
     "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method"),
    ("1988-5", "C reactive protein", "MCnc", "Pt", "Ser/Plas", "Qn", "", "mg/L",
     "C reactive protein [Mass/volume] in Serum or Plasma"),
)  # fmt: skip
AXES = ("component", "property", "time", "system", "scale", "method", "unit")
VERDICTS = ("agree", "agree", "unknown", "agree", "agree", "compatible", "agree")
BANDS = (("sure", 0.97), ("to_check", 0.74), ("uncertain", 0.31))
LABELS = ("SODIUM", "GLYCÉMIE À JEUN", "CRP", "CRÉATININE", "GLUCOSE URINAIRE", "NATRIURÈSE DES 24 H")
SPECIMENS = ("Sérum", "Plasma hépariné", "Urines", "Sang total", "")
UNITS = ("mmol/L", "g/L", "mg/L", "µmol/L", "%", "")
CHAPTERS = ("Biochimie", "Hématologie", "Hémostase", "Hormonologie", "Sérologie", "Urines")


def evidence(contradiction: bool = False) -> list[dict[str, Any]]:
    """The seven lines of a proposal; the unit contradicts when asked."""
    verdicts = (*VERDICTS[:6], "contradict") if contradiction else VERDICTS
    return [
        {
            "axis": axis,
            "verdict": verdict,
            "sentence": f"Ligne {axis} : la valeur locale et celle du code ont été comparées.",
            "local": "mmol/L" if axis == "unit" else "",
            "term": "",
            "weight": 1.0,
        }
        for axis, verdict in zip(AXES, verdicts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was made."""

    release: LoincRelease
    run: ProposalRun
    test_ids: list[int]


def add_release(session: Session) -> LoincRelease:
    """A small current release."""
    release = LoincRelease(version="2.80", kind="starter", term_count=len(TERMS), is_current=True)
    session.add(release)
    session.flush()
    for number, component, prop, time, system, scale, method, units, name in TERMS:
        session.add(
            LoincTerm(
                release_id=release.id,
                loinc_num=number,
                component=component,
                property=prop,
                time_aspct=time,
                system=system,
                scale_typ=scale,
                method_typ=method,
                class_name="CHEM",
                order_obs="Both",
                long_common_name=name,
                example_ucum_units=units,
                fr_label=f"{component.lower()} (notre libellé)",
            )
        )
    session.flush()
    return release


def fill(engine: Engine, catalogue_id: int, count: int, author_id: int | None = None, top: int = 10) -> Sample:
    """Add `count` analyses with proposals, some of them with a state."""
    with transaction(engine) as session:
        release = add_release(session)
        run = ProposalRun(
            catalogue_id=catalogue_id,
            release_id=release.id,
            engine_version="essai",
            status=RunStatus.DONE,
            is_current=True,
        )
        session.add(run)
        session.flush()
        session.execute(insert(LocalTest), [_test(catalogue_id, number) for number in range(count)])
        ids = list(session.execute(LocalTest.__table__.select().order_by("id")).scalars())  # type: ignore[attr-defined]
        ids = ids[-count:]
        for start in range(0, count, 500):
            rows = [row for number in range(start, min(start + 500, count))
                    for row in _proposals(run.id, ids[number], number, top)]  # fmt: skip
            session.execute(insert(Proposal), rows)
        if author_id is not None:
            _decide(session, run.id, ids, author_id)
    return Sample(release, run, ids)


def _test(catalogue_id: int, number: int) -> dict[str, Any]:
    return {
        "catalogue_id": catalogue_id,
        "position": number,
        "level": Level.EXAM if number % 9 == 8 else Level.ANALYSIS,
        "code": f"A{number:05d}",
        "label": f"{LABELS[number % len(LABELS)]} {number}",
        "specimen": SPECIMENS[number % len(SPECIMENS)],
        "unit": UNITS[number % len(UNITS)],
        "chapter": CHAPTERS[(number // 7) % len(CHAPTERS)],
        "is_subcontracted": number % 11 == 0,
        "annual_volume": None if number % 13 == 0 else (number * 37) % 20000,
    }


def _proposals(run_id: int | None, test_id: int, number: int, top: int) -> list[dict[str, Any]]:
    if number % 17 == 0:
        return []
    band, confidence = BANDS[number % 3]
    contradicted = number % 5 == 0
    rows = [
        {
            "run_id": run_id,
            "local_test_id": test_id,
            "rank": rank,
            "loinc_num": TERMS[(number + rank) % len(TERMS)][0],
            "confidence": confidence / rank,
            "band": band if rank == 1 else "uncertain",
            "has_contradiction": contradicted,
            "evidence": evidence(contradicted),
        }
        for rank in range(1, top + 1)
    ]
    if number % 23 == 0:
        rows.append({**rows[0], "rank": 0, "loinc_num": "", "band": "to_check", "has_contradiction": False})
    return rows


def _decide(session: Session, run_id: int | None, ids: list[int], author_id: int) -> None:
    """One fact and its state for every third row."""
    statement = select(Proposal.local_test_id, Proposal.id).where(Proposal.run_id == run_id, Proposal.rank == 1)
    proposals = dict(session.exec(statement).all())
    numbers = range(0, len(ids), 3)
    facts = [_fact(ids[number], number, author_id, proposals.get(ids[number])) for number in numbers]
    session.execute(insert(Decision), facts)
    recorded = dict(session.exec(select(Decision.local_test_id, Decision.id)).all())
    states = [{**_state(ids[number], number, author_id), "decision_id": recorded[ids[number]]} for number in numbers]
    session.execute(insert(ReviewState), states)


def _fact(test_id: int, number: int, author_id: int, proposal_id: int | None) -> dict[str, Any]:
    decided = number % 2 == 0
    return {
        "local_test_id": test_id,
        "action": Action.CHOOSE if decided else Action.DOUBT,
        "loinc_num": TERMS[(number + 1) % len(TERMS)][0] if decided else "",
        "relation": Relation.EQUIVALENT if decided else "",
        "comment": "vu avec le laboratoire" if number % 4 == 0 else "",
        "proposal_id": proposal_id if decided else None,
        "author_id": author_id,
        "author_role": Role.TRANSCODER,
    }


def _state(test_id: int, number: int, author_id: int) -> dict[str, Any]:
    decided = number % 2 == 0
    return {
        "local_test_id": test_id,
        "status": Status.DECIDED if decided else Status.DOUBT,
        "outcome": Outcome.CODE if decided else Outcome.NONE,
        "loinc_num": TERMS[(number + 1) % len(TERMS)][0] if decided else "",
        "decided_by_id": author_id,
        "has_comment": number % 4 == 0,
        "version": 1,
    }
