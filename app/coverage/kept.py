"""The coverage of a catalogue from the counts kept with its facts: what it costs does not grow with the catalogue."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, case, func, literal
from sqlmodel import Session, col, select

from app.coverage import repository
from app.coverage.aggregate import JudgedCatalogue, Sources
from app.coverage.definitions import CoverageRow, Definition, ExamRule, Figure, step_end
from app.coverage.figures import Group, by_chapter, figure_of
from app.coverage.judging import LEAVING
from app.coverage.report import (
    NOT_TRANSCODED,
    Approver,
    CoverageContext,
    CoverageReport,
    circuit_warnings,
    comes_after,
    definitions_for,
    warnings_of,
)
from app.models import Catalogue, CatalogueCount, CountFamily, Laboratory, Level, LocalTest, User, WorklistEntry
from app.terminology.carried import refusal_of
from app.transcoding.standing import Standing

SHOWN = 200
"""Rows of a list that the page shows; the files hold them all."""
_ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]


class Count(NamedTuple):
    """A line of `CatalogueCount`, without what an entity costs: a catalogue has hundreds of them."""

    rows: int
    rows_with_volume: int
    volume: int


def _group(key: list[Any], count: Count | CatalogueCount) -> Group:
    level, chapter, subcontracted, standing, every, is_emptied = key
    is_coded = standing == Standing.TRANSCODED
    return Group(
        Level(level), chapter, subcontracted, Standing(standing), is_coded, every, is_emptied,
        count.rows, count.rows_with_volume, count.volume,
    )  # fmt: skip


def main_figures(session: Session, catalogue_ids: Collection[int]) -> dict[int, Figure]:
    """The default figure of each of these catalogues, whose counts are those of their facts, in one statement.

    One whose laboratory came from elsewhere, and awaits the release that its codes are of, is left out.
    """
    statement = _with_what_it_awaits(select(CatalogueCount, col(Laboratory.awaits))).where(
        col(CatalogueCount.catalogue_id).in_(catalogue_ids),
        CatalogueCount.family == CountFamily.COVERAGE,
        col(CatalogueCount.rows) > 0,
    )
    groups: dict[int, list[Group]] = {}
    refused: dict[int, bool] = {}
    for count, awaits in session.exec(statement).all():
        if count.catalogue_id not in refused:
            refused[count.catalogue_id] = bool(refusal_of(session, awaits))
        if not refused[count.catalogue_id]:
            groups.setdefault(count.catalogue_id, []).append(_group(json.loads(count.key), count))
    definition = Definition()
    return {
        number: figure_of(definition, [group for group in found if group.level is definition.level], lambda _: 0)
        for number, found in groups.items()
    }


def _with_what_it_awaits(statement: Any) -> Any:
    """The counts beside what the laboratory of their catalogue awaits."""
    return statement.join(Catalogue, col(Catalogue.id) == col(CatalogueCount.catalogue_id)).join(
        Laboratory, col(Laboratory.id) == col(Catalogue.laboratory_id)
    )


class KeptCatalogue:
    """The counts of a catalogue, asked like its rows.

    While its laboratory awaits the release that its codes are of, there is nothing to count: a figure against another
    release would be a false one.
    """

    def __init__(self, session: Session, catalogue_id: int) -> None:
        self._session = session
        self._catalogue_id = catalogue_id
        kept = CatalogueCount
        columns: tuple[Any, ...] = (
            kept.key, kept.rows, kept.rows_with_volume, kept.volume, col(Laboratory.awaits)
        )  # fmt: skip
        statement = _with_what_it_awaits(select(*columns)).where(
            kept.catalogue_id == catalogue_id, kept.family == CountFamily.COVERAGE
        )
        found = session.exec(statement).all()
        awaits = found[0][-1] if found else []
        if awaits and refusal_of(session, awaits):
            found = []
        self.groups = [_group(json.loads(key), Count(*counts)) for key, *counts, _ in found if counts[0]]

    def family(self, family: CountFamily) -> list[tuple[list[Any], Count]]:
        """The counts of a family with their keys."""
        kept = CatalogueCount
        statement = select(kept.key, kept.rows, kept.rows_with_volume, kept.volume).where(
            kept.catalogue_id == self._catalogue_id, kept.family == family
        )
        return [(json.loads(key), Count(*counts)) for key, *counts in self._session.exec(statement) if counts[0]]

    def has_level(self, level: Level) -> bool:
        """Whether the catalogue has a row of this level."""
        return any(group.level is level for group in self.groups)

    def has_volumes(self, level: Level) -> bool:
        """Whether the volume of at least one row of this level is known."""
        return any(group.level is level and group.rows_with_volume for group in self.groups)

    def figure(self, definition: Definition) -> Figure:
        """The figure of the whole catalogue."""
        groups = [group for group in self.groups if group.level is definition.level]
        return figure_of(definition, groups, lambda lacking: self._rows_to_reach(definition, lacking))

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The figure of each chapter, by rows, in the order of the catalogue."""
        groups = by_chapter(group for group in self.groups if group.level is definition.level)
        return {
            name: figure_of(definition, groups[name], lambda _lacking: 0) for name in self._chapters if name in groups
        }

    def by(self, definition: Definition, part_of: Callable[[str], str]) -> dict[str, Figure]:
        """The figure of each part of the catalogue, that the name of a chapter tells."""
        parts: dict[str, list[Group]] = {}
        for group in self.groups:
            if group.level is definition.level:
                parts.setdefault(part_of(group.chapter), []).append(group)
        return {name: figure_of(definition, groups, lambda _lacking: 0) for name, groups in parts.items()}

    def by_column(self, definition: Definition, column: Any, part_of: Callable[[str], str]) -> dict[str, Figure]:
        """The same by what a column of the entries, or of their rows, tells: one grouped statement."""
        volume = case((_ENTRIES.volume >= 0, _ENTRIES.volume), else_=0)
        keys = (column, _ENTRIES.subcontracted, _ENTRIES.standing, _ENTRIES.all_analyses, _ENTRIES.is_emptied)
        sums = (func.count(), func.sum(case((_ENTRIES.volume >= 0, 1), else_=0)), func.sum(volume))
        statement: Any = select(*keys, *sums).where(  # type: ignore[call-overload]
            _ENTRIES.catalogue_id == self._catalogue_id, _ENTRIES.level == definition.level
        )
        if column.table is not WorklistEntry.__table__:  # type: ignore[attr-defined]
            statement = statement.join(LocalTest, col(LocalTest.id) == _ENTRIES.local_test_id)
        parts: dict[str, list[Group]] = {}
        for value, sub, standing, every, is_emptied, *counts in self._session.execute(statement.group_by(*keys)):
            is_coded = standing == Standing.TRANSCODED
            group = Group(
                definition.level, value, sub == "1", Standing(standing), is_coded, every, is_emptied, *map(int, counts)
            )
            parts.setdefault(part_of(value), []).append(group)
        return {name: figure_of(definition, groups, lambda _lacking: 0) for name, groups in parts.items()}

    @cached_property
    def _chapters(self) -> list[str]:
        """The chapters, that of the first row first."""
        names = sorted({group.chapter for group in self.groups})
        places = {}
        for name in names:
            first = (
                select(_ENTRIES.level, _ENTRIES.position, _ENTRIES.local_test_id)
                .where(
                    _ENTRIES.catalogue_id == self._catalogue_id,
                    _ENTRIES.counted_chapter == name,
                    _ENTRIES.level.in_([Level.ANALYSIS, Level.EXAM]),
                )
                .order_by(_ENTRIES.level, _ENTRIES.position, _ENTRIES.local_test_id)
                .limit(1)
            )
            places[name] = tuple(self._session.execute(first).one())
        return sorted(names, key=lambda name: places[name])

    @cached_property
    def _steps(self) -> list[tuple[list[Any], Count]]:
        """The volumes that count as not transcoded, by falling step."""
        return sorted(self.family(CountFamily.VOLUME), key=lambda item: -item[0][-1])

    def _rows_to_reach(self, definition: Definition, lacking: int) -> int:
        """Whole steps first, then the rows of the step in which the target is reached."""
        steps: dict[int, tuple[int, int]] = {}
        for (level, subcontracted, own, every, is_emptied, step), count in self._steps:
            done = own if definition.exam_rule is ExamRule.OWN_CODE else every or is_emptied
            if level == definition.level and not done and (definition.with_subcontracted or not subcontracted):
                rows, volume = steps.get(step, (0, 0))
                steps[step] = (rows + count.rows, volume + count.volume)
        found = 0
        for step, (rows, volume) in steps.items():
            if lacking <= 0:
                break
            if volume < lacking:
                lacking -= volume
                found += rows
                continue
            for weight in self._volumes(definition, step):
                if lacking <= 0:
                    break
                lacking -= weight
                found += 1
        return found

    def _volumes(self, definition: Definition, step: int) -> Sequence[int]:
        """The volumes of the rows of a step that count as not transcoded, the heaviest first."""
        done = (
            _ENTRIES.standing == Standing.TRANSCODED
            if definition.exam_rule is ExamRule.OWN_CODE
            else _ENTRIES.all_analyses | _ENTRIES.is_emptied
        )
        statement = (
            select(_ENTRIES.volume)
            .where(
                _ENTRIES.catalogue_id == self._catalogue_id,
                _ENTRIES.level == definition.level,
                _ENTRIES.volume >= step,
                # The end of the last step is no volume that a column of PostgreSQL holds.
                _ENTRIES.volume < literal(step_end(step), BigInteger),
                _ENTRIES.standing.not_in(sorted(LEAVING)),
                ~done,
            )
            .order_by(_ENTRIES.volume.desc())
        )
        if not definition.with_subcontracted:
            statement = statement.where(_ENTRIES.subcontracted == "0")
        return list(self._session.scalars(statement))


def kept_report(session: Session, context: CoverageContext) -> CoverageReport:
    """The report against the current release, its lists cut to what a page shows."""
    catalogue = KeptCatalogue(session, context.catalogue_id)
    levels = [level for level in (Level.ANALYSIS, Level.EXAM) if catalogue.has_level(level)]
    composed = [item for item in definitions_for(catalogue, context.composed) if item.public_id]
    sources = Sources(context.release_id, context.grace.is_over, context.circuit_id)
    judged = JudgedCatalogue(session, context.catalogue_id, sources, composed)
    figures = (
        *((item, catalogue.figure(item)) for item in definitions_for(catalogue)),
        *((item, judged.figure(item)) for item in composed),
    )
    totals = {
        standing: sum(group.rows for group in catalogue.groups if group.standing is standing) for standing in Standing
    }
    emptied_total = sum(group.rows for group in catalogue.groups if group.is_emptied_in_scope())
    lost = sum(count.volume for _, count in catalogue.family(CountFamily.LOST))
    return CoverageReport(
        context=context,
        figures=figures,
        chapters={level: catalogue.by_chapter(Definition(level)) for level in levels},
        out_of_scope=tuple(row for row, _ in _listed(session, context, [Standing.OUT_OF_SCOPE])),
        without_code=_listed(session, context, sorted(NOT_TRANSCODED)),
        approvers=_approvers(session, catalogue, context.catalogue_id),
        warnings=(
            *warnings_of(catalogue.has_level(Level.ANALYSIS), lost, _shared_codes(session, context.catalogue_id)),
            *circuit_warnings(context),
        ),
        out_of_scope_total=totals[Standing.OUT_OF_SCOPE],
        without_code_total=sum(totals[standing] for standing in NOT_TRANSCODED),
        emptied=_emptied(session, context) if emptied_total else (),
        emptied_total=emptied_total,
        ambiguous_total=totals[Standing.SEVERAL_CODES],
    )


def _listed(
    session: Session, context: CoverageContext, standings: Sequence[Standing]
) -> tuple[tuple[CoverageRow, Standing], ...]:
    """The first rows of these standings, in the order of the files."""
    places = []
    for standing in standings:
        for level in (Level.ANALYSIS, Level.EXAM):
            statement = (
                select(_ENTRIES.level, _ENTRIES.position, _ENTRIES.local_test_id, _ENTRIES.counted_chapter)
                .where(
                    _ENTRIES.catalogue_id == context.catalogue_id,
                    _ENTRIES.standing == standing,
                    _ENTRIES.level == level,
                )
                .order_by(_ENTRIES.position, _ENTRIES.local_test_id)
                .limit(SHOWN)
            )
            places += [(*row, standing) for row in session.execute(statement)]
    shown = sorted(places, key=lambda place: (comes_after(place[-1]), place))[:SHOWN]
    ids = [row_id for _, _, row_id, _, _ in shown]
    rows = {row.id: row for row in _rows(session, context, ids)}
    return tuple((replace(rows[row_id], chapter=chapter), standing) for _, _, row_id, chapter, standing in shown)


def _emptied(session: Session, context: CoverageContext) -> tuple[CoverageRow, ...]:
    """The first exams none of whose analyses is in scope, in the order of the files."""
    statement = (
        select(_ENTRIES.local_test_id, _ENTRIES.counted_chapter)
        .where(
            _ENTRIES.catalogue_id == context.catalogue_id,
            _ENTRIES.is_emptied,
            _ENTRIES.standing.not_in(sorted(LEAVING)),
        )
        .order_by(_ENTRIES.position, _ENTRIES.local_test_id)
        .limit(SHOWN)
    )
    chapters = {row.local_test_id: row.counted_chapter for row in session.execute(statement)}
    rows = _rows(session, context, list(chapters))
    return tuple(replace(row, chapter=chapters[row.id]) for row in rows)


def _rows(session: Session, context: CoverageContext, ids: Sequence[int]) -> list[CoverageRow]:
    if not ids:
        return []
    return repository.coverage_rows(session, context.catalogue_id, context.release_id, ids, context.grace.is_over)


def _shared_codes(session: Session, catalogue_id: int) -> int:
    """How many LOINC codes several transcoded analyses carry."""
    statement = select(func.count()).where(
        CatalogueCount.catalogue_id == catalogue_id,
        CatalogueCount.family == CountFamily.CODE,
        col(CatalogueCount.rows) > 1,
    )
    return session.exec(statement).one()


def _approvers(session: Session, catalogue: KeptCatalogue, catalogue_id: int) -> tuple[Approver, ...]:
    """Who approved the rows in force, and how many; the busiest first."""
    found: dict[int, list[int]] = {}
    for (person, has_code), count in catalogue.family(CountFamily.APPROVER):
        found.setdefault(person, [0, 0])[0 if has_code else 1] += count.rows
    names = dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(found))).all())
    lines = []
    for person, (with_code, without_code) in found.items():
        moments = [_approved_at(session, catalogue_id, person, is_last) for is_last in (False, True)]
        lines.append(Approver(names[person], with_code, without_code, *moments))
    return tuple(sorted(lines, key=lambda line: (-line.with_code - line.without_code, line.name)))


def _approved_at(session: Session, catalogue_id: int, person: int, is_last: bool) -> Any:
    order = _ENTRIES.approved_at.desc() if is_last else _ENTRIES.approved_at.asc()
    statement = select(_ENTRIES.approved_at).where(
        _ENTRIES.catalogue_id == catalogue_id,
        _ENTRIES.approved_by_id == person,
        _ENTRIES.approved_at.is_not(None),
        _ENTRIES.level.in_([Level.ANALYSIS, Level.EXAM]),
        _ENTRIES.retired == "0",
        _ENTRIES.status == "approved",
    )
    return session.execute(statement.order_by(order).limit(1)).scalar_one()
