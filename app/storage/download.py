"""Downloads: their headers, and a stored file sent piece by piece."""

from collections.abc import Mapping
from urllib.parse import quote

from fastapi.responses import StreamingResponse
from sqlalchemy import Engine

from app.models import StoredFile
from app.storage.service import read_pieces
from app.text import plain_file_name

LICENCE_LINK = '<https://loinc.org/license/>; rel="license"'
"""Where the licence of what the file quotes is; the notice itself is inside the formats that can hold it."""


def attachment_headers(name: str, sha256: str = "") -> Mapping[str, str]:
    """The headers of a download; the name is given twice, for old and for current browsers (RFC 6266)."""
    name = plain_file_name(name)
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '?"/\\' else "_" for sign in name)
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Link": LICENCE_LINK,
    }
    if sha256:
        headers["X-Content-SHA256"] = sha256
    return headers


def stored_download(engine: Engine, file: StoredFile) -> StreamingResponse:
    """A stored file, sent without ever being whole in memory."""
    headers = {**attachment_headers(file.file_name, file.sha256), "Content-Length": str(file.size_bytes)}
    return StreamingResponse(read_pieces(engine, file), media_type=file.media_type, headers=headers)
