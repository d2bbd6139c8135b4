"""What the process apart is asked for: the counts of some files, and not a byte more.

Whatever goes wrong is told in our own words with a place. No error of a library comes out, nor stays as the cause of
one that does: its sentence may quote what it read, and whoever receives it may log it.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import structlog

from app.emitted.counting import count
from app.emitted.observed import (
    CatalogueIndex,
    CodeSystems,
    Counts,
    Damaged,
    Observed,
    ObservedReport,
)
from app.emitted.reading import read_file
from app.errors import InvalidInputError
from app.text import counted, with_capital

MOST_BYTES = 500_000_000
"""Of one file: beyond, its reports would not fit in the memory that is granted."""
TOO_LONG = f"ce fichier dépasse {MOST_BYTES // 1_000_000}\u00a0Mo\u202f; partagez-le en plusieurs"
NOT_OPENED = "ce fichier n’a pas pu être ouvert"
STOPPED = "la lecture s’est arrêtée là\u202f; ce qui suit n’est pas compté"
NOTHING = "aucun compte rendu de biologie n’y a été trouvé"
FAILED = "La lecture de ces fichiers a échoué\u202f; rien n’en est gardé. Envoyez un fichier à la fois."
_MOST_NAMED = 20

log = structlog.get_logger(__name__)


def counts_of(_engine: object, paths: Sequence[str | Path], index: CatalogueIndex, systems: CodeSystems) -> Counts:
    """What the reports of these files carry; files are called by their number, from 1.

    A file or a part that cannot be read is a Damaged of the counts. Raises InvalidInputError when no report at all was
    read, with why, and MemoryError, without any cause, which the process apart words.
    """
    counts: Counts | None = None
    is_short = False
    try:
        counts = count(_observed(paths, systems), index)
    except MemoryError:
        is_short = True
    except Exception as error:
        log.error("emitted.failed", error=type(error).__qualname__)
    # Raised out of the handlers: an error keeps the one that was being handled.
    if is_short:
        raise MemoryError
    if counts is None:
        raise InvalidInputError(FAILED)
    if not counts.reports and not counts.deleted_reports:
        raise InvalidInputError(_told(counts) or f"{with_capital(NOTHING)}.")
    return counts


def _observed(paths: Sequence[str | Path], systems: CodeSystems) -> Iterator[Observed]:
    for number, path in enumerate(paths, 1):
        place = f"fichier {number}"
        is_any = False
        for item in _of_file(Path(path), place, systems):
            is_any = is_any or isinstance(item, ObservedReport | Damaged)
            yield item
        if not is_any:
            yield Damaged(place, NOTHING)


def _of_file(path: Path, place: str, systems: CodeSystems) -> Iterator[Observed]:
    content = _content(path)
    if isinstance(content, str):
        yield Damaged(place, content)
        return
    observed = read_file(content, place, systems)
    del content
    try:
        yield from observed
    except MemoryError:
        raise
    except Exception as error:
        log.error("emitted.stopped", place=place, error=type(error).__qualname__)
        yield Damaged(place, STOPPED)


def _content(path: Path) -> bytes | str:
    """The bytes of a file, or why they are not read."""
    try:
        return path.read_bytes() if path.stat().st_size <= MOST_BYTES else TOO_LONG
    except OSError:
        return NOT_OPENED


def _told(counts: Counts) -> str:
    """Why nothing was read: the first places, each with its reason."""
    named = [f"{with_capital(item.place)}\u202f: {item.reason}." for item in counts.damaged[:_MOST_NAMED]]
    left = counts.damaged_total - len(named)
    return "\n".join(chain(named, [f"Et {counted(left, 'autre passage', 'autres passages')}."] if left else ()))
