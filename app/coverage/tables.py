"""The rows of a catalogue as a table, grouped once for every figure of the report.

The one module of coverage that needs pandas: it is imported late, by the first figure that is asked for. What comes
out is exact: volumes stay Python integers (a column of objects, whose sums never overflow nor round), and a volume
that is not known is no zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.coverage.definitions import LEAVING, CoverageRow, Definition, ExamRule, Figure, Measure, target_count
from app.models import Level
from app.transcoding.standing import Standing

_LEVELS = tuple(Level)
_STANDINGS = tuple(Standing)
# Numbers stand for the words in the table: they group faster, and pandas would make plain texts of the words.
_LEVEL_NUMBER = {level: number for number, level in enumerate(_LEVELS)}
_STANDING_NUMBER = {standing: number for number, standing in enumerate(_STANDINGS)}
_LEAVING = [_STANDING_NUMBER[standing] for standing in LEAVING]
_TRANSCODED = _STANDING_NUMBER[Standing.TRANSCODED]
_KEYS = ["level", "chapter", "is_subcontracted", "standing", "own_code", "all_analyses"]
_COUNTS = ["rows", "rows_with_volume", "volume"]


@dataclass(frozen=True, slots=True)
class _Group:
    """The rows that nothing tells apart when they are counted; in order: `_KEYS`, then `_COUNTS`."""

    level: int
    chapter: int
    is_subcontracted: bool
    standing: int
    own_code: bool
    all_analyses: bool
    rows: int
    rows_with_volume: int
    volume: int

    def weight(self, measure: Measure) -> int:
        """What these rows weigh together."""
        return self.rows if measure is Measure.ROWS else self.volume

    def is_transcoded(self, rule: ExamRule) -> bool:
        """Whether these rows count as transcoded."""
        return self.own_code if rule is ExamRule.OWN_CODE else self.all_analyses


class CoverageTable:
    """The counted rows of a catalogue: one line a row, and how many there are of each kind."""

    def __init__(self, rows: Sequence[CoverageRow], standings: Mapping[int, Standing]) -> None:
        frame = _frame(rows, standings)
        self._groups = _grouped(frame)
        self._to_do = _heaviest_first(frame)
        self._chapters = list(dict.fromkeys(row.chapter for row in rows))
        """The chapters by their number in the table, in the order of the catalogue."""

    def figure(self, definition: Definition) -> Figure:
        """The figure of the whole catalogue."""
        to_do = self._volumes_to_do(definition)["volume"].tolist() if definition.measure is Measure.VOLUME else ()
        return _figure(definition, self._of_level(definition.level), to_do)

    def by_chapter(self, definition: Definition) -> dict[str, Figure]:
        """The figure of each chapter that has a row of the level, in the order of the catalogue."""
        chapters: dict[int, list[_Group]] = {}
        for group in self._of_level(definition.level):
            chapters.setdefault(group.chapter, []).append(group)
        to_do: Mapping[Any, list[int]] = {}
        if definition.measure is Measure.VOLUME:
            to_do = self._volumes_to_do(definition).groupby("chapter", sort=False)["volume"].agg(list).to_dict()
        return {
            self._chapters[number]: _figure(definition, groups, to_do.get(number, ()))
            for number, groups in chapters.items()
        }

    def _of_level(self, level: Level) -> list[_Group]:
        return [group for group in self._groups if group.level == _LEVEL_NUMBER[level]]

    def _volumes_to_do(self, definition: Definition) -> pd.DataFrame:
        """The rows whose volume counts and that are not transcoded, the heaviest first."""
        rows = self._to_do
        chosen = (rows["level"] == _LEVEL_NUMBER[definition.level]) & ~rows[definition.exam_rule.value]
        return rows[chosen if definition.with_subcontracted else chosen & ~rows["is_subcontracted"]]


def _frame(rows: Sequence[CoverageRow], standings: Mapping[int, Standing]) -> pd.DataFrame:
    """One line a row: the columns of `_KEYS` and of `_COUNTS`, numbers in place of words."""
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
    frame["all_analyses"] = frame["own_code"].where(~is_exam, frame["id"].isin(_exams_done(rows, frame)))
    return frame


def _exams_done(rows: Iterable[CoverageRow], frame: pd.DataFrame) -> list[int]:
    """The exams whose analyses in scope are all transcoded, and that have at least one."""
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
    wanted = ~standing.isin(_LEAVING)
    done = (standing[wanted] == _TRANSCODED).groupby(exams[wanted], sort=False).all()
    return done.index[done].tolist()


def _grouped(frame: pd.DataFrame) -> list[_Group]:
    """How many rows, of known volume or not, and what volume, by all that a definition may ask."""
    counts = frame.groupby(_KEYS, sort=False)[_COUNTS].sum()
    keys = counts.index.tolist()
    return [
        _Group(*key, *count) for key, *count in zip(keys, *(counts[name].tolist() for name in _COUNTS), strict=True)
    ]


def _heaviest_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in scope, of known volume, that one rule or the other counts as not transcoded, by falling volume."""
    to_do = ~(frame["own_code"] & frame["all_analyses"])
    rows = frame[frame["rows_with_volume"] & ~frame["standing"].isin(_LEAVING) & to_do]
    # Sorted as integers of the machine where all of them fit: several times faster than as objects.
    return rows.loc[rows["volume"].infer_objects().sort_values(ascending=False).index]


def _figure(definition: Definition, groups: Iterable[_Group], to_do: Iterable[int]) -> Figure:
    """Add up groups of one level. `to_do`: weights of what is not transcoded, the heaviest first, for volumes."""
    by_volume = definition.measure is Measure.VOLUME
    standings: Counter[Standing] = Counter()
    numerator = denominator = rows_counted = without_volume = 0
    for group in groups:
        if group.is_subcontracted and not definition.with_subcontracted:
            continue
        standing = _STANDINGS[group.standing]
        standings[standing] += group.rows
        if standing in LEAVING:
            continue
        denominator += group.weight(definition.measure)
        if group.is_transcoded(definition.exam_rule):
            numerator += group.weight(definition.measure)
        if by_volume:
            without_volume += group.rows - group.rows_with_volume
            rows_counted += group.rows_with_volume
        else:
            rows_counted += group.rows
    lacking = target_count(denominator) - numerator
    return Figure(
        numerator=numerator,
        denominator=denominator,
        rows_counted=rows_counted,
        rows_missing=_rows_to_reach(lacking, to_do) if by_volume else max(0, lacking),
        rows_without_volume=without_volume,
        standings=standings,
    )


def _rows_to_reach(lacking: int, weights: Iterable[int]) -> int:
    """The fewest rows whose weights make up for what is lacking; the heaviest weight comes first."""
    count = 0
    for weight in weights:
        if lacking <= 0:
            break
        lacking -= weight
        count += 1
    return count
