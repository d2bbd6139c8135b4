"""What a catalogue says of its local codes, for the process that reads and for the judgement after it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.coverage.definitions import CoverageRow
from app.emitted.observed import CatalogueIndex, KnownAnalysis
from app.models import Level, Outcome, Status
from app.transcoding.standing import Standing, StandingRow, in_use, standings


@dataclass(frozen=True, slots=True)
class IndexedAnalysis:
    """What the catalogue says of a local code; several rows may share it."""

    approved: frozenset[str]
    """LOINC codes that biologists approved for it, whatever they are worth."""
    counted: str
    """The one of them that counts in the coverage; empty when none does, or when several answers were approved."""
    chapter: str
    is_retired: bool
    """Whether the laboratory no longer runs any of its rows."""
    is_without_code: bool = False
    """Whether biologists approved, of each of its rows, that LOINC has no code for it."""
    is_out_of_scope: bool = False
    """Whether they approved, of each of them, that it is no analysis to transcode."""


Analyses = Mapping[str, IndexedAnalysis]
"""By trimmed local code."""


def trimmed(code: str) -> str:
    """A local code as reports are compared with the catalogue by it: but for spaces around it."""
    return code.strip()


def analyses_of(rows: Iterable[CoverageRow]) -> dict[str, IndexedAnalysis]:
    """The analyses of a catalogue by local code, from all its rows; those without code are left out.

    A retired analysis keeps its approved code: that is still what its results should carry.
    """
    found = [row for row in rows if row.level is Level.ANALYSIS]
    used = in_use(found)
    stands = standings(used)
    groups: dict[str, list[CoverageRow]] = defaultdict(list)
    for row in found:
        if code := trimmed(row.code):
            groups[code].append(row)
    return {code: _indexed(group, stands) for code, group in groups.items()}


def _indexed(group: list[CoverageRow], stands: Mapping[int, Standing]) -> IndexedAnalysis:
    held = [row for row in group if row.id in stands]
    approved = frozenset(
        row.loinc_num for row in held if row.status is Status.APPROVED and row.outcome is Outcome.CODE
    )
    counted = {row.loinc_num for row in held if stands[row.id] is Standing.TRANSCODED}
    run = [row for row in group if not row.is_retired and row.retired_at is None]
    return IndexedAnalysis(
        approved=approved,
        counted=counted.pop() if len(counted) == 1 else "",
        chapter=next((row.chapter for row in (*run, *group) if row.chapter), ""),
        is_retired=not run,
        is_without_code=_are_all(held, stands, Standing.NO_CODE),
        is_out_of_scope=_are_all(held, stands, Standing.OUT_OF_SCOPE),
    )


def _are_all(rows: list[CoverageRow], stands: Mapping[int, Standing], standing: Standing) -> bool:
    return bool(rows) and all(stands[row.id] is standing for row in rows)


def approved_codes(rows: Iterable[StandingRow]) -> dict[str, list[str]]:
    """Local code -> the LOINC codes that biologists approved for its rows, sorted; `rows` are analyses in use."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.status is Status.APPROVED and row.outcome is Outcome.CODE:
            found[trimmed(row.code)].add(row.loinc_num)
    return {local: sorted(codes) for local, codes in found.items()}


def index_of(analyses: Analyses) -> CatalogueIndex:
    """What the process that reads is given: of the approved codes, those that make a result effective."""
    return CatalogueIndex(
        {
            code: KnownAnalysis(
                approved=frozenset({item.counted} - {""}), chapter=item.chapter, is_retired=item.is_retired
            )
            for code, item in analyses.items()
        }
    )
