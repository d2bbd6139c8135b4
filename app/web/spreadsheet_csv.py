"""CSV that French spreadsheets open as it is: UTF-8 with BOM, semicolons, no cell taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from starlette.responses import StreamingResponse

from app.platform.open_transactions import forbid_open_transaction

BATCH = 500
"""Rows in one piece."""
_FORMULA = re.compile(r"^[=+@\t\r\n\uff1d\uff0b\uff0d\uff20]|^-(?![\d\s.,]+%?$)")
"""Also the full-width signs, which spreadsheets of East Asia read as the others."""


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV that French spreadsheets open as it is."""
    return "".join(csv_pieces(header, rows))


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The same in pieces; `rows` may read them some at a time, and no transaction is open while they are sent."""
    remaining = iter(rows)
    yield "\ufeff" + _written([[safe_cell(cell) for cell in header]])
    while batch := list(islice(remaining, BATCH)):
        forbid_open_transaction("write a CSV")
        yield _written([safe_cell(cell) for cell in row] for row in batch)


def _written(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def csv_download(name: str, pieces: Iterable[str]) -> StreamingResponse:
    """A CSV to save under this name, sent as it is made."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type="text/csv; charset=utf-8", headers=headers)
