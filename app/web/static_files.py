"""Static files: an address that changes with the content, and how long a browser may keep what it got there."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from app.settings import resource_dir

ABSENT = "absent"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
"""Kept, but asked for again each time; the answer is then a short 304."""


@lru_cache(maxsize=256)
def _digest(path: str, modified_ns: int, changed_ns: int, size: int) -> str:
    """First twelve hexadecimal digits of the SHA-256 of a file, remembered for as long as the file is left alone."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def content_version(path: str | os.PathLike[str], state: os.stat_result) -> str:
    """The version of a file whose `stat` is given. Raises OSError when the file cannot be read.

    The inode's change time counts too: a deployment may keep modification times, as `rsync --times` does.
    """
    return _digest(os.fspath(path), state.st_mtime_ns, state.st_ctime_ns, state.st_size)


def static_url(path: str) -> str:
    """Address of a static file, changed with its content so that browsers may keep it for ever."""
    file = resource_dir("static") / path
    try:
        version = content_version(file, file.stat())
    except OSError:
        version = ABSENT
    return f"/static/{path}?v={version}"


class VersionedFiles(StaticFiles):
    """Serves static files. Only the address of the present content is answered as one that never changes.

    An address without version, or with the one of another content (a page opened before a new delivery asks
    for it), gets the present content and must be asked for again. What is not found is not kept at all: it
    is left to the headers of every answer.
    """

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        version = content_version(full_path, stat_result)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        headers = {"Cache-Control": IMMUTABLE if asked == [version] else REVALIDATED, "ETag": f'"{version}"'}
        response = FileResponse(full_path, status_code=status_code, headers=headers, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response
