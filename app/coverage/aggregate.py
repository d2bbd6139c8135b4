"""The figures of composed definitions, from one grouped statement over the entries kept with the facts.

What the kept counts do not tell apart (was a code chosen in a release that held it, is it in *Circuit de la
biologie*…) is one number for each row, its kind, of which every judging makes a standing. A database counts the rows
of each kind, grouped by numbers alone because sorting texts costs more than all the rest; a judging looks at each
kind once, however many steps of volume its rows have. Nothing here is done row by row, and ten definitions cost what
one does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.coverage.definitions import Definition, ExamRule, Figure, Measure, step_end, target_count, volume_step
from app.coverage.figures import Group, by_chapter, figure_of, rows_to_reach
from app.coverage.judging import Judging, ReleaseRule, Statuses
from app.coverage.kinds import (
    ABSENT,
    GONE,
    IS_EXAM,
    IS_SUBCONTRACTED,
    LOST,
    NO_LONGER_RUN,
    OUTCOMES,
    RETIRED,
    RUN,
    THERE,
    WEIGHTS,
    Counted,
    counted_of,
    stands_of,
)
from app.coverage.repository import COUNTED_LEVELS, DEPRECATED
from app.models import (
    Decision,
    ExamAnalysis,
    Level,
    LocalTest,
    LoincTerm,
    Outcome,
    ReviewState,
    Status,
    ValueSetMember,
    WorklistEntry,
)
from app.transcoding.standing import PLACEHOLDER_CODES
from loinc_data.checkdigit import is_valid_loinc

_ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
_MOST_DIGITS = 19


_NOW, _THEN, _EXAM = aliased(LoincTerm), aliased(LoincTerm), aliased(WorklistEntry)
"""Made once: naming every column of a table again costs more than the page that asks."""
_is_valid = lru_cache(maxsize=50_000)(is_valid_loinc)


class Axis(StrEnum):
    """What a figure is cut by."""

    NONE = "none"
    CHAPTER = "chapter"
    SUBCONTRACTOR = "subcontractor"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Sources:
    """What codes are judged against."""

    release_id: int
    leaves_out_deprecated: bool
    """The day until which retired codes count has passed."""
    circuit_id: int = 0
    """The list *Circuit de la biologie* in service, 0 when none is."""


class JudgedCatalogue:
    """The counts of a catalogue by kind, asked like its rows; one statement, and one more when volumes are counted."""

    def __init__(
        self,
        session: Session,
        catalogue_id: int,
        sources: Sources,
        definitions: Collection[Definition],
        axis: Axis = Axis.NONE,
    ) -> None:
        self._session = session
        self._catalogue_id = catalogue_id
        self._sources = sources
        self._definitions = tuple(definitions)
        self._by_volume = [item for item in definitions if item.measure is Measure.VOLUME]
        self._axis = axis
        self._counted = self._read() if definitions else []
        self._judged: dict[tuple[Level, Judging], list[Group]] = {}
        self._reached: Mapping[Definition, int] = self._rows_to_reach() if axis is Axis.NONE else {}

    def figure(self, definition: Definition) -> Figure:
        """The figure of the whole catalogue under one of the definitions."""
        return figure_of(definition, self._groups(definition), lambda _lacking: self._reached[definition])

    def by_value(self, definition: Definition, name_of: Callable[[str], str] = str) -> dict[str, Figure]:
        """The figure of each value of the axis, by its name; it does not say how many rows are missing to a volume."""
        named = [replace(group, chapter=name_of(group.chapter)) for group in self._groups(definition)]
        groups = by_chapter(named)
        return {value: figure_of(definition, found, lambda _lacking: 0) for value, found in groups.items()}

    def _groups(self, definition: Definition) -> list[Group]:
        """The rows of the level of a definition as it judges them; judged once for all definitions that do it so."""
        key = (definition.level, definition.judging)
        if key not in self._judged:
            self._judged[key] = [group for _, group in self._judge(definition, self._counted)]
        return self._judged[key]

    def _judge(self, definition: Definition, counted: Iterable[Counted]) -> list[tuple[Counted, Group]]:
        return [
            (
                item,
                Group(
                    item.level, item.value, item.is_subcontracted,
                    *stands_of(item, definition.judging, self._sources.leaves_out_deprecated),
                    item.rows, item.rows_with_volume, item.volume,
                ),
            )
            for item in counted
            if item.level is definition.level
        ]  # fmt: skip

    # ---- the fewest rows whose volumes make up for what is lacking ------------------------------------------

    def _to_do(self, definition: Definition, counted: Iterable[Counted]) -> dict[int, tuple[int, int]]:
        """Step -> (rows, volume) of the rows of known volume that count as not transcoded."""
        found: dict[int, tuple[int, int]] = {}
        for item, group in self._judge(definition, counted):
            is_in = definition.with_subcontracted or not group.is_subcontracted
            if not is_in or group.leaves(definition) or group.is_transcoded(definition.exam_rule):
                continue
            for step, rows, volume in item.steps:
                known, total = found.get(step, (0, 0))
                found[step] = (known + rows, total + volume)
        return found

    def _rows_to_reach(self) -> dict[Definition, int]:
        """Whole steps first, then the rows of the step in which the target is reached."""
        found: dict[Definition, int] = {}
        left: dict[Definition, tuple[int, int]] = {}
        for definition in self._by_volume:
            figure = figure_of(definition, self._groups(definition), lambda _lacking: 0)
            lacking, rows = target_count(figure.denominator) - figure.numerator, 0
            to_do = self._to_do(definition, self._counted) if lacking > 0 else {}
            for step, (count, volume) in sorted(to_do.items(), reverse=True):
                if lacking <= 0:
                    break
                if volume >= lacking:
                    left[definition] = (step, lacking)
                    break
                lacking, rows = lacking - volume, rows + count
            found[definition] = rows
        if left:
            in_steps = self._read({step for step, _ in left.values()})
            for definition, (step, lacking) in left.items():
                to_do = self._to_do(definition, in_steps)
                weights = sorted(
                    ((volume, rows) for volume, (rows, _) in to_do.items() if volume_step(volume) == step), reverse=True
                )
                heaviest = (volume for volume, rows in weights for _ in range(rows))
                found[definition] += rows_to_reach(lacking, heaviest)
        return found

    # ---- reading --------------------------------------------------------------------------------------------

    def _read(self, steps: Collection[int] = ()) -> list[Counted]:
        """The rows by kind; with steps, those of these steps, each volume apart (as its own step)."""
        rows = self._rows(steps)
        exam_sets = self._analyses(rows, steps)
        # Grouping by a constant costs as much as by a number.
        source: Any = rows
        keys: list[ColumnElement[Any]] = [rows.c.kind]
        columns: list[ColumnElement[Any]] = [rows.c.kind, literal(-1), literal(""), literal("")]
        if steps or self._by_volume:
            columns[1] = rows.c.step
            keys.append(rows.c.step)
        if self._axis is not Axis.NONE:
            columns[2] = rows.c.value
            keys.append(rows.c.value)
        if exam_sets is not None:
            source = rows.outerjoin(exam_sets, exam_sets.c.exam_id == rows.c.id)
            columns[3] = exam_sets.c.kinds
            keys.append(exam_sets.c.kinds)
        volume = rows.c.volume
        is_known = case((volume >= 0, 1), else_=0)
        statement = select(
            *columns, func.count(), func.sum(is_known), func.sum(case((volume >= 0, volume), else_=0))
        ).select_from(source)
        if steps:
            statement = statement.where(_in_steps(volume, steps))
        found: dict[tuple[int, str, str], Counted] = {}
        for kind, step, value, kinds, count, known, total in self._session.execute(statement.group_by(*keys)):
            key = (kind, value or "", kinds or "")
            item = found.get(key)
            if item is None:
                item = found[key] = counted_of(*key)
            item.rows += count
            item.rows_with_volume += int(known)
            item.volume += int(total)
            if step >= 0:
                item.steps.append((int(step), count, int(total)))
        return list(found.values())

    def _rows(self, steps: Collection[int]) -> CTE:
        """One line a row: its kind, and what it is counted by; numbers, and the value of the axis when there is one.

        With steps, the rows of these steps, and the analyses of the exams that are.
        """
        judgings = {definition.judging for definition in self._definitions}
        is_gone = col(LocalTest.retired_at).is_not(None)
        run = case((is_gone, GONE), (_ENTRIES.retired == "1", NO_LONGER_RUN), else_=RUN)
        source = WorklistEntry.__table__.join(  # type: ignore[attr-defined]
            LocalTest.__table__, col(LocalTest.id) == _ENTRIES.local_test_id  # type: ignore[attr-defined]
        )
        # Nothing is looked for where there is no code.
        code = func.nullif(_ENTRIES.loinc_num, "")
        source = source.outerjoin(
            _NOW, and_(col(_NOW.release_id) == self._sources.release_id, col(_NOW.loinc_num) == code)
        )
        in_service = _status_digit(_NOW, self._invalid_codes())
        digits = [in_service]
        if any(judging.releases is ReleaseRule.OF_DECISION for judging in judgings):
            chosen_in = col(Decision.release_id)
            source = source.outerjoin(
                ReviewState, col(ReviewState.local_test_id) == _ENTRIES.local_test_id
            ).outerjoin(Decision, col(Decision.id) == col(ReviewState.decision_id))
            # Most codes were chosen in the release in service, which has just been asked.
            source = source.outerjoin(
                _THEN,
                and_(
                    col(_THEN.release_id) == func.nullif(chosen_in, self._sources.release_id),
                    col(_THEN.loinc_num) == code,
                ),
            )
            is_same = chosen_in == self._sources.release_id
            digits.append(case((is_same, in_service), else_=_status_digit(_THEN, self._invalid_codes())))
        else:
            digits.append(literal(0))
        digits.append(case((_ENTRIES.loinc_num.in_(sorted(PLACEHOLDER_CODES)), 1), else_=0))
        if any(judging.circuit_only for judging in judgings) and self._sources.circuit_id:
            source = source.outerjoin(
                ValueSetMember,
                and_(
                    col(ValueSetMember.value_set_id) == self._sources.circuit_id,
                    col(ValueSetMember.loinc_num) == code,
                ),
            )
            digits.append(case((col(ValueSetMember.id).is_not(None), 1), else_=0))
        else:
            digits.append(literal(0))
        repeated = self._repeated_keys()
        for rule in Statuses:
            if any(judging.statuses is rule for judging in judgings):
                digits.append(case((_ENTRIES.local_key.in_(self._keys_of_several(rule, repeated)), 1), else_=0))
            else:
                digits.append(literal(0))
        # What is known of a code matters where one is decided, and what is decided where somebody said so. Each is
        # looked at once, and nothing of what a row does not need.
        run_weight, status_weight, outcome_weight, *weights = WEIGHTS
        known = sum((digit * weight for digit, weight in zip(digits, weights, strict=True)), literal(0))
        said = case(
            (_ENTRIES.outcome == Outcome.CODE, outcome_weight * OUTCOMES.index(Outcome.CODE) + known),
            *(
                (_ENTRIES.outcome == outcome, outcome_weight * number)
                for number, outcome in enumerate(OUTCOMES)
                if outcome not in (Outcome.NONE, Outcome.CODE)
            ),
            else_=0,
        )
        status = case((_ENTRIES.status == Status.APPROVED, 2 * status_weight), else_=status_weight)
        is_said = _ENTRIES.status.in_([Status.APPROVED, Status.DECIDED])
        judged = run * run_weight + case((is_said, status + said), else_=0)
        is_exam = case((_ENTRIES.level == Level.EXAM, IS_EXAM), else_=0)
        kind = judged + is_exam + case((_ENTRIES.subcontracted == "1", IS_SUBCONTRACTED), else_=0)
        value = {
            Axis.NONE: literal(""),
            Axis.CHAPTER: _ENTRIES.counted_chapter,
            Axis.SUBCONTRACTOR: col(LocalTest.executing_laboratory),
            Axis.REVIEWER: _ENTRIES.author,
        }[self._axis]
        volume = _ENTRIES.volume
        step: ColumnElement[Any] = literal(-1)
        if steps:
            step = volume
        elif self._by_volume:
            step = _step(volume)
        columns = (
            _ENTRIES.local_test_id.label("id"), volume, step.label("step"), value.label("value"), kind.label("kind"),
        )  # fmt: skip
        statement = select(*columns).select_from(source)
        statement = statement.where(_ENTRIES.catalogue_id == self._catalogue_id, _ENTRIES.level.in_(COUNTED_LEVELS))
        if steps:
            statement = statement.where(self._is_asked_for(steps))
        return statement.cte("counted_row")

    def _is_asked_for(self, steps: Collection[int]) -> ColumnElement[bool]:
        """SQL: whether a row is of these steps, or an analysis of an exam that is."""
        wanted = _in_steps(_ENTRIES.volume, steps)
        if not self._needs_analyses:
            return wanted
        of_exams = (
            select(col(ExamAnalysis.analysis_id))
            .join(_EXAM, col(_EXAM.local_test_id) == col(ExamAnalysis.exam_id))
            .where(
                col(_EXAM.catalogue_id) == self._catalogue_id,
                col(_EXAM.level) == Level.EXAM,
                _in_steps(_EXAM.volume, steps),
                col(ExamAnalysis.analysis_id).is_not(None),
            )
        )
        return or_(wanted, _ENTRIES.local_test_id.in_(of_exams))

    def _repeated_keys(self) -> CTE:
        """The local codes of several rows, the only ones that can have several answers; read from an index alone."""
        statement = select(_ENTRIES.local_key).where(_ENTRIES.catalogue_id == self._catalogue_id)
        return statement.group_by(_ENTRIES.local_key).having(func.count() > 1).cte("repeated_key")

    def _keys_of_several(self, rule: Statuses, repeated: CTE) -> Select[Any]:
        """The local codes that have several answers, by those whose word is enough."""
        enough = [Status.APPROVED] if rule is Statuses.APPROVED else [Status.APPROVED, Status.DECIDED]
        answer = case((_ENTRIES.outcome == Outcome.CODE, _ENTRIES.loinc_num), else_="")
        return (
            select(_ENTRIES.local_key)
            .join(LocalTest, col(LocalTest.id) == _ENTRIES.local_test_id)
            .where(
                _ENTRIES.catalogue_id == self._catalogue_id,
                _ENTRIES.local_key.in_(select(repeated.c.local_key)),
                _ENTRIES.level.in_(COUNTED_LEVELS),
                _ENTRIES.status.in_(enough),
                _ENTRIES.outcome.in_([Outcome.CODE, Outcome.NO_LOINC]),
                col(LocalTest.retired_at).is_(None),
            )
            .group_by(_ENTRIES.local_key)
            .having(func.min(answer) != func.max(answer))
        )

    @property
    def _needs_analyses(self) -> bool:
        return any(
            item.level is Level.EXAM and item.exam_rule is ExamRule.ALL_ANALYSES for item in self._definitions
        )

    def _analyses(self, rows: CTE, steps: Collection[int]) -> Any:
        """Exam -> the kinds of its analyses, separated by commas; None when no definition asks for them."""
        if not self._needs_analyses:
            return None
        exam = rows.alias("exam")
        analysis = rows.alias("analysis")
        # Whether an analysis is sub-contracted says nothing of its exam: fewer sets are told apart.
        kind = cast(func.coalesce(analysis.c.kind % IS_SUBCONTRACTED, LOST), String)
        is_server = self._session.get_bind().dialect.name == "postgresql"
        kinds = func.string_agg(distinct(kind), ",") if is_server else func.group_concat(distinct(kind))
        source = exam.join(ExamAnalysis, col(ExamAnalysis.exam_id) == exam.c.id).outerjoin(
            analysis, analysis.c.id == col(ExamAnalysis.analysis_id)
        )
        statement = select(exam.c.id.label("exam_id"), kinds.label("kinds")).select_from(source)
        statement = statement.where(exam.c.kind >= IS_EXAM)
        if steps:
            statement = statement.where(_in_steps(exam.c.volume, steps))
        return statement.group_by(exam.c.id).cte("analyses_of_exam")

    def _invalid_codes(self) -> list[str]:
        """The codes of the catalogue whose check digit is wrong, should a release hold some."""
        if not hasattr(self, "_invalid"):
            statement = (
                select(_ENTRIES.loinc_num)
                .where(_ENTRIES.catalogue_id == self._catalogue_id, _ENTRIES.loinc_num != "")
                .distinct()
            )
            self._invalid = sorted(code for code in self._session.scalars(statement) if not _is_valid(code))
        return self._invalid


def _status_digit(term: Any, invalid: Sequence[str]) -> ColumnElement[Any]:
    """What a release says of the code of a row."""
    whens = [(col(term.status).is_(None), ABSENT)]
    if invalid:
        whens.append((_ENTRIES.loinc_num.in_(invalid), ABSENT))
    return case(*whens, (col(term.status) == DEPRECATED, RETIRED), else_=THERE)


def _step(volume: ColumnElement[Any]) -> ColumnElement[Any]:
    """`volume_step`, by the database; -1 stays."""
    whens = [(volume < 100, volume)]
    for digits in range(3, _MOST_DIGITS):
        whens.append((volume < _big(10**digits), volume - volume % _big(10 ** (digits - 2))))
    return case(*whens, else_=volume - volume % _big(10 ** (_MOST_DIGITS - 2)))


def _big(value: int) -> ColumnElement[int]:
    """A number that may not fit where volumes do: PostgreSQL would otherwise be sent it as one of them."""
    return literal(value, BigInteger)


def _in_steps(volume: Any, steps: Collection[int]) -> ColumnElement[bool]:
    return or_(*(and_(volume >= _big(step), volume < _big(step_end(step))) for step in sorted(steps)))
