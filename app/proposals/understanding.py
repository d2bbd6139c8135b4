"""What the engine reads in a row, and which codes it gives for words that a person types in the row's place."""

from dataclasses import dataclass, replace

from sqlalchemy import Engine as DatabaseEngine
from sqlmodel import Session

from app.catalogues.matcher_input import to_matcher
from app.files.kinds import SECTIONS
from app.models import LocalTest, LoincRelease
from app.proposals.engines import engine_of_release
from app.settings import Settings
from matcher import Engine
from matcher.evidence.property import expected_properties
from matcher.types import Axis


@dataclass(frozen=True, slots=True)
class Understood:
    """A row as read: nothing where the row says nothing."""

    words: tuple[tuple[str, str], ...] = ()
    """(words of the label, LOINC component they stand for)."""
    unread: tuple[str, ...] = ()
    """The words of the label that nothing explains."""
    axes: tuple[tuple[Axis, tuple[str, ...]], ...] = ()
    """The LOINC values that suit the row on each axis that it says something of, the likeliest first."""


def understood(session: Session, settings: Settings, release: LoincRelease | None, test: LocalTest) -> Understood:
    """What the engine of this release reads in the row; nothing without release or for a chapter.

    The engine must be ready (`prepare_engine`): it is not built inside the transaction of the session.
    """
    if release is None or test.level in SECTIONS:
        return Understood()
    readings = _engine(session, settings, release).parser.parse(to_matcher(test)).readings
    if not readings:
        return Understood()
    best = max(readings, key=lambda reading: reading.prior)
    facts = best.facts
    stated = {
        Axis.SYSTEM: facts.systems,
        Axis.PROPERTY: facts.stated_properties or tuple(sorted(expected_properties(facts.unit))),
        Axis.SCALE: facts.scales,
        Axis.TIME: facts.times,
        Axis.METHOD: facts.methods,
    }
    axes = tuple((axis, tuple(dict.fromkeys(filter(None, values)))) for axis, values in stated.items())
    return Understood(best.spans, best.leftover, tuple((axis, values) for axis, values in axes if values))


def codes_for(
    session: Session, settings: Settings, release: LoincRelease, test: LocalTest, text: str, limit: int
) -> list[str]:
    """The codes that the engine gives for a row like this one whose label is `text`, best first.

    It reads abbreviations and names as in a catalogue (« NFS hb », « TSH us »); nothing where it reads no analyte.
    """
    if test.level in SECTIONS:
        return []
    engine = _engine(session, settings, release)
    # What names the row itself says nothing of the words typed in its place; its specimen, unit and technique do.
    asked = replace(to_matcher(test), code="", label=text, synonym="", nabm="", exam="", reference_range="", results="")
    if not any(reading.analytes or reading.organisms for reading in engine.parser.parse(asked).readings):
        return []
    return [engine.index.loinc_nums[candidate.position] for candidate in engine.candidates(asked, limit)]


def _engine(session: Session, settings: Settings, release: LoincRelease) -> Engine:
    database = session.get_bind()
    assert isinstance(database, DatabaseEngine)
    return engine_of_release(database, release, settings.matcher_cache_dir, settings.engines_in_memory)
