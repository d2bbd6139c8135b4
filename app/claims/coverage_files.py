"""The coverage report of a pack, made from its facts alone: who verifies makes the same bytes as who wrote it. Pure.

The figures are those of `recompute`; the words and the files are those of the workbench. Three things that no fact
tells are taken from the report itself, and change no figure: the number of the catalogue in its base, the identifiers
of composed definitions, and how approvers of as many rows are ordered.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.claims.chain_check import strict_json
from app.claims.figures_files import first_of_level
from app.claims.past_facts import State, moment_of
from app.claims.reading_facts import Facts, FactsError, Row
from app.claims.recompute import Counted, Moment
from app.claims.recompute import Figure as Recomputed
from app.claims.tables import YES
from app.coverage.definitions import CoverageRow, Definition, ExamRule, Figure, Measure
from app.coverage.files import CsvKind, Document, written
from app.coverage.judging import LEAVING, DeprecatedRule, Judging, ReleaseRule, Statuses
from app.coverage.report import (
    NOT_TRANSCODED,
    Approver,
    CoverageContext,
    CoverageReport,
    circuit_warnings,
    comes_after,
    definitions_for,
    suspended_sentence,
    warnings_of,
)
from app.coverage.wording import NO_CIRCUIT, counted_as_transcoded, name_of, scope_of, sentence_of
from app.models import Level
from app.terminology.grace import GraceFact, GraceRule, rule_of
from app.transcoding.standing import Standing

REPORT = "couverture/rapport.json"
COVERAGE_NAMES = (*(f"couverture/{kind.value}.csv" for kind in CsvKind), REPORT)
_LEVELS = (Level.ANALYSIS, Level.EXAM)
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Told:
    """What the report says and no fact does."""

    catalogue_id: int
    composed: Sequence[str]
    """The identifier of each definition that somebody composed, empty for ours; in the order of the definitions."""
    approvers: Sequence[tuple[str, datetime]] = ()
    """Name and first approval, in the order of the report."""
    asks_for_circuit: bool = False
    """A definition that is not counted here asks for a list that nobody loaded."""

    @classmethod
    def of(cls, report: CoverageReport) -> "Told":
        """As a report of the workbench says it."""
        return cls(
            report.context.catalogue_id,
            [definition.public_id for definition, _ in report.figures],
            [(item.name, item.first_at) for item in report.approvers],
            NO_CIRCUIT in report.warnings,
        )

    @classmethod
    def read(cls, content: bytes) -> "Told":
        """As the JSON of a pack says it; ValueError, KeyError or TypeError where it is no such report."""
        report = strict_json(content)
        number = report["catalogue"]["id"]
        composed = [item["composed"] or "" for item in report["figures"]]
        if type(number) is not int or not all(isinstance(name, str) for name in composed):
            raise FactsError(f"« {REPORT} » : le numéro du catalogue ou d'une définition ne peut être lu")
        approvers = [(str(item["name"]), datetime.fromisoformat(item["first_at"])) for item in report["approved_by"]]
        return cls(number, composed, approvers, NO_CIRCUIT in report["warnings"])


def coverage_files(report: CoverageReport) -> dict[str, bytes]:
    """The files of the report by their names in the pack, each saying first which version it is of."""
    found: dict[str, bytes] = {}
    label = report.context.version_label
    for kind in CsvKind:
        _, _, content = written(report, Document(kind.value))
        said = f"{_cell(label)}\r\n".encode()
        found[f"couverture/{kind.value}.csv"] = _MARK + said + content.removeprefix(_MARK)
    _, _, content = written(report, Document.REPORT)
    whole = {"version_label": label, **json.loads(content)}
    found[REPORT] = (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()
    return found


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def coverage_of(moment: Moment, told: Told) -> CoverageReport:
    """The report that the facts give; raises FactsError when the definitions are not those of the workbench."""
    facts = moment.facts
    definitions = _definitions(moment, told)
    context = _context(facts, told, [item for item in definitions if item.public_id])
    people = {line["person"]: line["name"] for line in facts.people}
    first = first_of_level(facts, Level.ANALYSIS.value) or {}
    standings = {row: Standing(name) for row, name in moment.standings(first).items()}
    listed = [(item, standings[item.row["row"]]) for item in moment.rows]
    without_code = sorted(
        ((_row(item, people), standing) for item, standing in listed if standing in NOT_TRANSCODED),
        key=lambda pair: comes_after(pair[1]),
    )
    out_of_scope = tuple(_row(item, people) for item, standing in listed if standing is Standing.OUT_OF_SCOPE)
    emptied = tuple(_row(item, people) for item, standing in listed if _is_emptied(item, standing, standings))
    chapters = {}
    for level in _LEVELS:
        line = first_of_level(facts, level.value)
        if line and any(item.row["level"] == level.value for item in moment.rows):
            names = moment.chapters(level.value)
            chapters[level] = {name: _figure(moment.figure(line, name)) for name in names}
    return CoverageReport(
        context=context,
        figures=tuple(
            (definition, _figure(moment.figure(line)))
            for definition, line in zip(definitions, facts.definitions, strict=True)
        ),
        chapters=chapters,
        out_of_scope=out_of_scope,
        without_code=tuple(without_code),
        approvers=_approvers(moment.rows, people, told),
        warnings=_warnings(moment, standings, context, told),
        out_of_scope_total=len(out_of_scope),
        without_code_total=len(without_code),
        emptied=emptied,
        emptied_total=len(emptied),
        ambiguous_total=sum(standing is Standing.SEVERAL_CODES for _, standing in without_code),
    )


class _Countable:
    """What the rows of a moment can be counted by."""

    def __init__(self, rows: Iterable[Counted]) -> None:
        self._levels = {(item.row["level"], item.volume is not None) for item in rows}

    def has_level(self, level: Level) -> bool:
        return any(name == level.value for name, _ in self._levels)

    def has_volumes(self, level: Level) -> bool:
        return (level.value, True) in self._levels


def _definitions(moment: Moment, told: Told) -> list[Definition]:
    lines = moment.facts.definitions
    if len(told.composed) != len(lines):
        raise FactsError(f"« {REPORT} » : il n'y a pas autant de chiffres que de définitions")
    found = [_definition(line, composed) for line, composed in zip(lines, told.composed, strict=True)]
    for number, (definition, line) in enumerate(zip(found, lines, strict=True), start=2):
        said = (line["title"], line["scope"], line["sentence"])
        if said != (name_of(definition), scope_of(definition), sentence_of(definition)):
            raise FactsError(f"faits/definitions.csv, ligne {number} : les mots ne sont pas ceux de cette définition")
    composed = [item for item in found if item.public_id]
    if found != definitions_for(_Countable(moment.rows), composed):
        raise FactsError("faits/definitions.csv : ce ne sont pas, dans l'ordre, les définitions de ce catalogue")
    return found


def _definition(line: Row, public_id: str) -> Definition:
    return Definition(
        level=Level(line["level"]),
        measure=Measure(line["measure"]),
        with_subcontracted=line["with_subcontracted"] == YES,
        exam_rule=ExamRule(line["exam_rule"]),
        judging=Judging(
            with_retired=line["with_retired"] == YES,
            circuit_only=line["circuit_only"] == YES,
            out_of_scope_leaves=line["out_of_scope_leaves"] == YES,
            no_code_leaves=line["no_code_leaves"] == YES,
            statuses=Statuses(line["statuses"]),
            releases=ReleaseRule(line["releases"]),
            deprecated=DeprecatedRule(line["deprecated"]),
        ),
        title=line["title"] if public_id else "",
        public_id=public_id,
    )


def _context(facts: Facts, told: Told, composed: Sequence[Definition]) -> CoverageContext:
    state, now = facts.state, moment_of(facts.now)
    context = CoverageContext(
        laboratory=state["laboratory"],
        laboratory_finess=state["finess"],
        catalogue_id=told.catalogue_id,
        catalogue=state["catalogue"],
        release_id=0,
        release_version=state["release_version"],
        release_kind=facts.releases[-1]["kind"],
        computed_at=now,
        grace=_grace(facts, now),
        composed=composed,
        circuit_id=int(bool(state["circuit_version"] or any(line["in_circuit"] for line in facts.codes))),
        audit_head=state["chain_head"],
        version_label=state["version_label"],
    )
    for name, value in (
        ("release_title", context.release_title), ("counted_as_transcoded", counted_as_transcoded(context.grace)),
    ):  # fmt: skip
        if state[name] != value:
            raise FactsError(f"faits/state.csv : « {name} » n'est pas ce que donnent les faits")
    return context


def _grace(facts: Facts, now: datetime) -> GraceRule:
    if not facts.grace:
        return rule_of(None, now)
    last = facts.grace[-1]
    day = date.fromisoformat(last["last_day"]) if last["last_day"] else None
    return rule_of(GraceFact(day, moment_of(last["at"])), now)


def _figure(found: Recomputed) -> Figure:
    return Figure(
        found.numerator, found.denominator, found.rows_counted, found.rows_missing, found.rows_without_volume,
        found.rows_emptied, {Standing(name): count for name, count in found.standings.items()},
    )  # fmt: skip


def _row(item: Counted, people: Mapping[str, str]) -> CoverageRow:
    choice, approval = item.state.choice or {}, item.state.last_approval or {}
    return CoverageRow(
        id=0,
        level=Level(item.row["level"]),
        code=item.row["code"],
        label=item.row["label"],
        chapter=item.chapter,
        loinc_num=item.state.code,
        reason=choice.get("reason", ""),
        approved_by=people[approval["author"]] if approval else "",
    )


def _is_emptied(item: Counted, standing: Standing, standings: Mapping[str, Standing]) -> bool:
    """An exam in scope that has analyses, none of them in scope."""
    inside = [standings.get(row) for row in item.analyses]
    is_exam = item.row["level"] == Level.EXAM.value
    return is_exam and standing not in LEAVING and bool(inside) and all(one in LEAVING for one in inside)


def _approvers(rows: Iterable[Counted], people: Mapping[str, str], told: Told) -> tuple[Approver, ...]:
    """Who approved the rows in force; the busiest first, and those of as many rows as the report has them."""
    by_person: dict[str, list[State]] = {}
    for item in rows:
        if item.state.approval and not item.is_retired:
            by_person.setdefault(item.state.approval["author"], []).append(item.state)
    found = []
    for person, states in by_person.items():
        moments = [moment_of(state.approval["at"]) for state in states if state.approval]
        coded = sum(state.outcome == "code" for state in states)
        found.append(Approver(people[person], coded, len(states) - coded, min(moments), max(moments)))
    places = {item: place for place, item in reversed(list(enumerate(told.approvers)))}

    def order(item: Approver) -> tuple[Any, ...]:
        place = places.get((item.name, item.first_at), len(places))
        return -(item.with_code + item.without_code), place, item.name, item.first_at

    return tuple(sorted(found, key=order))


def _warnings(
    moment: Moment, standings: Mapping[str, Standing], context: CoverageContext, told: Told
) -> tuple[str, ...]:
    analyses = [item for item in moment.rows if item.row["level"] == Level.ANALYSIS.value]
    lost = sum(not row for item in moment.rows if item.row["level"] == Level.EXAM.value for row in item.analyses)
    codes = Counter(item.state.code for item in analyses if standings[item.row["row"]] is Standing.TRANSCODED)
    circuit = circuit_warnings(context)
    if told.asks_for_circuit and not context.circuit_id:
        circuit = (NO_CIRCUIT,)
    waiting = sum(state.last_approval is not None and state.approval is None for state in moment.decided().values())
    return (
        *warnings_of(bool(analyses), lost, sum(count > 1 for count in codes.values())),
        *circuit,
        *suspended_sentence(waiting),
    )
