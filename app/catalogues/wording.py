"""French sentences that several modules of the catalogues share."""

from collections.abc import Iterable

from app.web.templating import format_number


def counted(count: int, one: str, many: str) -> str:
    """A number and its noun: `1 analyse`, `1 200 analyses`."""
    return f"{format_number(count)} {one if count < 2 else many}"


def enumeration(counts: Iterable[tuple[int, str, str]]) -> str:
    """The numbers that are not zero, with their nouns, joined by commas."""
    return ", ".join(counted(count, one, many) for count, one, many in counts if count)
