"""The columns of the comparison: each candidate on the seven lines, and the local test beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.cases.choice_words import WRITTEN, decided_by, in_french, written_techniques
from app.cases.families import side_by_side
from app.cases.glosses import gloss
from app.cases.view import CandidateColumn, Cell, FamilyHead, LocalValue, SetAside
from app.models import LocalTest, LoincTerm, Proposal
from app.settings import Settings
from app.terminology.naming import name_of
from app.transcoding.checks import CheckedMapping, checks_of_choice
from app.transcoding.evidence import (
    EvidenceLine,
    by_axis,
    lines_of,
    parts_of_score,
    reservations,
    weightiest,
)
from app.transcoding.gathering import MappingContext, Pair, evidence_now, mappings_of
from app.web.wording import AXIS, BAND, VERDICT
from loinc_data.units import read_unit
from matcher.evidence.property import expected_properties
from matcher.types import Axis, Band, Verdict

LINES = (Axis.COMPONENT, Axis.UNIT, Axis.SYSTEM, Axis.PROPERTY, Axis.SCALE, Axis.TIME, Axis.METHOD)
"""The seven lines in the order in which a transcoder reads them: what, in which unit, in what; then the rest."""
KEYS = 5
"""How many candidates have a digit."""
TERM_FIELDS = {
    Axis.COMPONENT: "component",
    Axis.PROPERTY: "property",
    Axis.TIME: "time_aspct",
    Axis.SYSTEM: "system",
    Axis.SCALE: "scale_typ",
    Axis.METHOD: "method_typ",
    Axis.UNIT: "example_ucum_units",
}


@dataclass(frozen=True, slots=True)
class ComparedCode:
    """A code to compare, with its proposal when there is one."""

    loinc_num: str
    proposal: Proposal | None = None


def candidates_of(
    session: Session,
    settings: Settings,
    context: MappingContext,
    test: LocalTest,
    columns: Sequence[ComparedCode],
    selected: str,
    decided: str,
    aside: Mapping[str, SetAside],
) -> tuple[list[CandidateColumn], list[FamilyHead]]:
    """Every column of the comparison, with its checks: siblings side by side, then those set aside, one by one."""
    unexplained = [(test, column.loinc_num) for column in columns if column.proposal is None]
    weighed = iter(evidence_now(session, settings, context.catalogue_id, unexplained))
    pairs = [
        Pair(test, column.loinc_num, lines_of(column.proposal.evidence) if column.proposal else next(weighed))
        for column in columns
    ]
    mappings = mappings_of(session, context, pairs)
    candidates = [
        _candidate(column, mapping, digit, selected, decided, aside.get(column.loinc_num))
        for digit, (column, mapping) in enumerate(zip(columns, mappings, strict=True), start=1)
    ]
    terms = {column.loinc_num: mapping.term for column, mapping in zip(columns, mappings, strict=True) if mapping.term}
    lines = {column.loinc_num: mapping.lines for column, mapping in zip(columns, mappings, strict=True)}
    written = written_techniques(terms, lines)
    told = [replace(item, decided_by=WRITTEN) if item.loinc_num in written else item for item in candidates]
    placed, heads = side_by_side([item for item in told if item.aside is None], terms)
    last = [item for item in told if item.aside is not None]
    return placed + last, heads + [FamilyHead(1, "") for _ in last]


def _candidate(
    column: ComparedCode, mapping: CheckedMapping, digit: int, selected: str, decided: str, aside: SetAside | None
) -> CandidateColumn:
    proposal = column.proposal
    method = mapping.term.method_typ if mapping.term else ""
    lines = [replace(line, sentence=in_french(line.sentence, method)) for line in mapping.lines]
    return CandidateColumn(
        loinc_num=column.loinc_num,
        rank=proposal.rank if proposal else 0,
        digit=digit if digit <= KEYS else 0,
        name=name_of(mapping.term),
        band=BAND[Band(proposal.band)] if proposal else None,
        confidence=proposal.confidence if proposal else None,
        cells=cells_of(mapping.term, lines),
        reasons=weightiest(lines),
        reservations=reservations(lines),
        parts=parts_of_score(lines),
        checks=checks_of_choice(mapping),
        is_selected=column.loinc_num == selected,
        is_decided=bool(decided) and column.loinc_num == decided,
        is_held=mapping.term is not None,
        aside=aside,
        decided_by=decided_by(lines),
    )


def cells_of(term: LoincTerm | None, lines: Sequence[EvidenceLine]) -> list[Cell]:
    """The seven lines of one candidate."""
    findings = by_axis(lines)
    cells = []
    for axis in LINES:
        value = str(getattr(term, TERM_FIELDS[axis])) if term else ""
        finding = findings[axis]
        cells.append(
            Cell(
                axis=axis,
                value=value or "—",
                gloss=gloss(axis, value),
                verdict=VERDICT[finding.verdict],
                sentences=finding.sentences,
                is_contradiction=finding.verdict is Verdict.CONTRADICT,
            )
        )
    return cells


def local_values(test: LocalTest, best: Proposal | None) -> list[LocalValue]:
    """The seven lines of the local test: as written, and as the matcher understood it."""
    understood = {axis: finding.local for axis, finding in by_axis(lines_of(best.evidence if best else ())).items()}
    unit = test.unit or test.unit_code
    if unit:
        understood[Axis.UNIT] = ", ".join(read_unit(unit).ucum)
    understood[Axis.PROPERTY] = _property_of(unit)
    raw = {
        Axis.COMPONENT: (test.label, test.synonym),
        Axis.PROPERTY: (test.property_kind, ""),
        Axis.TIME: (test.timing, ""),
        Axis.SYSTEM: (test.specimen or test.specimen_code, _in_brackets(test.specimen_code) if test.specimen else ""),
        Axis.SCALE: (test.scale, ""),
        Axis.METHOD: (test.technique, ""),
        Axis.UNIT: (unit, _in_brackets(test.unit_code) if test.unit else ""),
    }
    return [
        LocalValue(axis, AXIS[axis], raw[axis][0], raw[axis][1], _unless_same(understood[axis], raw[axis][0]))
        for axis in LINES
    ]


def _in_brackets(code: str) -> str:
    return f"({code})" if code else ""


def _property_of(unit: str) -> str:
    """The LOINC property that the unit expresses, when there is but one or two."""
    expected = set(expected_properties(read_unit(unit)))
    if not 0 < len(expected) <= 2:
        return ""
    if len(expected) > 1:
        return " ou ".join(sorted(expected))
    value = expected.pop()
    meaning = gloss(Axis.PROPERTY, value)
    return f"{value} ({meaning})" if meaning else value


def _unless_same(understood: str, raw: str) -> str:
    return "" if understood.strip().lower() == raw.strip().lower() else understood
