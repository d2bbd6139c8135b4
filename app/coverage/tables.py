"""The rows of a catalogue as a table, grouped once for every figure of the report.

The one module of coverage that needs pandas: it is imported late, by the first figure that is asked for. What comes
out is exact: volumes stay Python integers (a column of objects, whose sums never overflow nor round), and a volume
that is not known is no zero.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any

import pandas as pd

from app.coverage.definitions import CoverageRow, Definition, ExamRule, Figure, Measure
from app.coverage.figures import Group, by_chapter, figure_of, rows_to_reach
from app.coverage.judging import LEAVING
from app.models import Level
from app.transcoding.standing import Standing

_LEVELS = tuple(Level)
_STANDINGS = tuple(Standing)
# Numbers stand for the words in the table: they group faster, and pandas would make plain texts of the words.
_LEVEL_NUMBER = {level: number for number, level in enumerate(_LEVELS)}
_STANDING_NUMBER = {standing: number for number, standing in enumerate(_STANDINGS)}
_TRANSCODED = _STANDING_NUMBER[Standing.TRANSCODED]
_KEYS = ["level", "chapter", "is_subcontracted", "standing", "own_code", "all_analyses", "is_emptied"]
_COUNTS = ["rows", "rows_with_volume", "volume"]


class CoverageTable:
    """The counted rows of a catalogue: one line a row, and how many there are of each kind."""

    def __init__(
        self, rows: Sequence[CoverageRow], standings: Mapping[int, Standing], leaving: Set[Standing] = LEAVING
    ) -> None:
        out = [_STANDING_NUMBER[standing] for standing in leaving]
        frame = _frame(rows, standings, out)
        self._chapters = {name: number for number, name in enumerate(dict.fromkeys(row.chapter for row in rows))}
        """The numbers of the chapters in the table, in the order of the catalogue."""
        self._groups = _grouped(frame, list(self._chapters))
        self._to_do = _heaviest_first(frame, out)

    def figure(self, definition: Definition) -> Figure:
        """The figure of the whole catalogue."""
        to_do = self._volumes_to_do(definition)["volume"].tolist() if definition.measure is Measure.VOLUME else ()
        return figure_of(definition, self._of_level(definition.level), lambda lacking: rows_to_reach(lacking, to_do))

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The figure of each chapter that has a row of the level, in the order of the catalogue."""
        chapters = by_chapter(self._of_level(definition.level))
        to_do: Mapping[Any, list[int]] = {}
        if definition.measure is Measure.VOLUME:
            to_do = self._volumes_to_do(definition).groupby("chapter", sort=False)["volume"].agg(list).to_dict()
        return {
            name: figure_of(definition, groups, partial(rows_to_reach, weights=to_do.get(self._chapters[name], ())))
            for name, groups in chapters.items()
        }

    def _of_level(self, level: Level) -> list[Group]:
        return [group for group in self._groups if group.level is level]

    def _volumes_to_do(self, definition: Definition) -> pd.DataFrame:
        """The rows whose volume counts and that are not transcoded, the heaviest first."""
        rows = self._to_do
        chosen = (rows["level"] == _LEVEL_NUMBER[definition.level]) & ~rows[definition.exam_rule.value]
        if definition.exam_rule is ExamRule.ALL_ANALYSES:
            chosen &= ~rows["is_emptied"]
        return rows[chosen if definition.with_subcontracted else chosen & ~rows["is_subcontracted"]]


def _frame(rows: Sequence[CoverageRow], standings: Mapping[int, Standing], out: list[int]) -> pd.DataFrame:
    """One line a row: the columns of `_KEYS` and of `_COUNTS`, numbers in place of words; `out`: those that leave."""
    volumes = [row.annual_volume for row in rows]
    frame = pd.DataFrame(
        {
            "id": pd.Series([row.id for row in rows], dtype="int64"),
            "level": [_LEVEL_NUMBER[row.level] for row in rows],
            "chapter": pd.factorize(pd.Series([row.chapter for row in rows], dtype=object))[0],
            "is_subcontracted": pd.Series([row.is_subcontracted for row in rows], dtype=bool),
            "standing": [_STANDING_NUMBER[standings[row.id]] for row in rows],
            "rows": 1,
            "rows_with_volume": pd.Series([volume is not None for volume in volumes], dtype=bool),
            "volume": pd.Series([volume or 0 for volume in volumes], dtype=object),
        }
    )
    is_exam = frame["level"] == _LEVEL_NUMBER[Level.EXAM]
    frame["own_code"] = frame["standing"] == _TRANSCODED
    done, emptied = _exams_by_analyses(rows, frame, out)
    frame["all_analyses"] = frame["own_code"].where(~is_exam, frame["id"].isin(done))
    frame["is_emptied"] = is_exam & frame["id"].isin(emptied)
    return frame


def _exams_by_analyses(
    rows: Iterable[CoverageRow], frame: pd.DataFrame, out: list[int]
) -> tuple[list[int], list[int]]:
    """The exams whose analyses in scope are all transcoded, and that have at least one; those that have none."""
    # An analysis that the catalogue does not hold (None, or an unknown one) cannot have been approved.
    pairs = [
        (row.id, id_)
        for row in rows
        if row.level is Level.EXAM and None not in row.analysis_ids
        for id_ in row.analysis_ids
    ]
    exams = pd.Series([exam for exam, _ in pairs], dtype="int64")
    analyses = pd.Index([id_ for _, id_ in pairs], dtype="int64")
    found = frame.set_index("id")["standing"].reindex(analyses, fill_value=_STANDING_NUMBER[Standing.UNFINISHED])
    standing = found.reset_index(drop=True)
    wanted = ~standing.isin(out)
    done = (standing[wanted] == _TRANSCODED).groupby(exams[wanted], sort=False).all()
    return done.index[done].tolist(), exams[~exams.isin(exams[wanted])].unique().tolist()


def _grouped(frame: pd.DataFrame, chapters: Sequence[str]) -> list[Group]:
    """How many rows, of known volume or not, and what volume, by all that a definition may ask."""
    counts = frame.groupby(_KEYS, sort=False)[_COUNTS].sum()
    keys = counts.index.tolist()
    return [
        Group(_LEVELS[level], chapters[chapter], is_subcontracted, _STANDINGS[standing], *marks, *amounts)
        for (level, chapter, is_subcontracted, standing, *marks), *amounts in zip(
            keys, *(counts[name].tolist() for name in _COUNTS), strict=True
        )
    ]


def _heaviest_first(frame: pd.DataFrame, out: list[int]) -> pd.DataFrame:
    """The rows in scope, of known volume, that one rule or the other counts as not transcoded, by falling volume."""
    to_do = ~(frame["own_code"] & frame["all_analyses"])
    rows = frame[frame["rows_with_volume"] & ~frame["standing"].isin(out) & to_do]
    # Sorted as integers of the machine where all of them fit: several times faster than as objects.
    return rows.loc[rows["volume"].infer_objects().sort_values(ascending=False).index]
