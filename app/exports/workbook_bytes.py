"""The bytes of a workbook: they depend on what it holds and on the moment of the export, never on the clock."""

import io
import shutil
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from app.text import in_paris


class _DatedArchive(ZipFile):
    """An archive whose members all bear the same moment."""

    def __init__(self, file: io.BytesIO, moment: datetime) -> None:
        super().__init__(file, "w", ZIP_DEFLATED, allowZip64=True)
        # Archives hold the hour of a place, and no time zone.
        self._stamp = in_paris(moment).timetuple()[:6]

    def _member(self, name: str) -> ZipInfo:
        info = ZipInfo(name, self._stamp)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        return info

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_options: Any) -> None:
        """A member from its content."""
        name = zinfo_or_arcname.filename if isinstance(zinfo_or_arcname, ZipInfo) else zinfo_or_arcname
        super().writestr(self._member(name), data)

    def write(self, filename: str | PathLike[str], arcname: Any = None, *_options: Any) -> None:
        """A member from a file, such as a sheet that was written row by row."""
        with Path(filename).open("rb") as source, self.open(self._member(str(arcname)), "w") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def workbook_bytes(workbook: Workbook, moment: datetime) -> bytes:
    """The workbook as a file modified at this moment."""
    workbook.properties.modified = moment.replace(tzinfo=None)
    buffer = io.BytesIO()
    ExcelWriter(workbook, _DatedArchive(buffer, moment)).save()
    return buffer.getvalue()
