"""What is added to a record of an unusual shape: drawn with bars, or wholly between quotes."""

from collections.abc import Sequence

from app.files.markdown import closes_rows, escaped, is_ruler
from app.files.records import MARKDOWN, Dialect, Record, is_wrapped


def ruled(record: Record, dialect: Dialect, count: int) -> bytes | None:
    """A row that rules a drawn table with as many columns more; None for another row."""
    text = record.raw.decode(dialect.encoding)
    if dialect.shape != MARKDOWN or not is_ruler(text):
        return None
    sign = "+" if "+" in text else "|"
    dashes = [" --- " if sign == "|" else "-----"] * count
    added = sign.join(dashes)
    return (text + (f"{added}{sign}" if closes_rows(text) else f"{sign}{added}")).encode(dialect.encoding)


def drawn(record: Record, cells: Sequence[str], missing: int, dialect: Dialect) -> bytes:
    """A row of a drawn table with cells more, after as many empty ones as it misses."""
    text = record.raw.decode(dialect.encoding)
    added = "|".join(f" {escaped(cell)} " for cell in ("",) * missing + tuple(cells))
    return (text + (f"{added}|" if closes_rows(text) else f" |{added}")).encode(dialect.encoding)


def within_quotes(record: Record, addition: str, dialect: Dialect) -> bytes:
    """A record with an addition, before the quote that closes it where one does."""
    if not is_wrapped(record, dialect):
        return record.raw + addition.encode(dialect.encoding)
    closing = '"'.encode(dialect.encoding)
    doubled = addition.replace('"', '""')
    return record.raw.removesuffix(closing) + f'{doubled}"'.encode(dialect.encoding)
