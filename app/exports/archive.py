"""The archive: the exported file exactly as it is, with the notice and the report beside it."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from app.text import in_paris


def zip_of(members: Mapping[str, bytes], made_at: datetime) -> bytes:
    """A zip whose bytes depend only on its members and on the moment of the export."""
    buffer = io.BytesIO()
    # Archives hold the hour of a place, and no time zone.
    stamp = in_paris(made_at).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()
