"""Files named on the command line, where `-` is the standard input or output; their bytes are never touched."""

import errno
import io
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from app.errors import WorkbenchError

STANDARD = "-"
LONGEST_NAME = 255
"""Bytes of a file name, on the usual file systems."""


def _guessed_suffix(content: bytes) -> str:
    """The ending that a file of these bytes would have: what has no name is recognised by its content."""
    from app.files.archive import is_archive
    from app.files.fhir_json import looks_like_json
    from app.files.foreign import is_fhir_xml
    from app.files.json_table import is_json_table
    from app.files.workbook import workbook_format

    if is_archive(content):
        return ".zip"
    if is_fhir_xml(content):
        return ".xml"
    is_json = looks_like_json(content) or is_json_table(content)
    return f".{workbook_format(content) or ('json' if is_json else 'csv')}"


class InputFile:
    """A file to read. Reading raises OSError, with the name that the user gave."""

    def __init__(self, given: str) -> None:
        self.given = given

    @property
    def is_standard(self) -> bool:
        """Whether it is the standard input."""
        return self.given == STANDARD

    def read(self, name: str = "") -> tuple[str, bytes]:
        """(name, content). The standard input takes `name`, or one guessed from its content."""
        if not self.is_standard:
            path = Path(self.given)
            return path.name, path.read_bytes()
        content = _standard_input().read()
        return name or f"entree-standard{_guessed_suffix(content)}", content

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The path of the file; the standard input is first copied to a file that lasts as long as the block."""
        if not self.is_standard:
            yield Path(self.given)
            return
        with tempfile.TemporaryDirectory(prefix="transcodeur-") as folder:
            path = Path(folder) / "entree-standard"
            with path.open("wb") as file:
                shutil.copyfileobj(_standard_input(), file)
            yield path


def _standard_input() -> BinaryIO:
    """What is sent to this process; raises WorkbenchError when it was started without."""
    if sys.stdin is None:
        raise WorkbenchError("L'entrée standard est fermée : donnez un fichier, ou envoyez-en un à la commande.")
    return sys.stdin.buffer


class OutputFile:
    """A file to write. Writing raises OSError, with the name that the user gave."""

    def __init__(self, given: str) -> None:
        self.given = given

    def __str__(self) -> str:
        return "sortie standard" if self.is_standard else self.given

    @property
    def is_standard(self) -> bool:
        """Whether it is the standard output."""
        return self.given == STANDARD

    def copy(self, path: Path) -> None:
        """Write what a finished file holds."""
        with self.binary() as target, path.open("rb") as source:
            shutil.copyfileobj(source, target)

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The file, open; it is whole, or an error was raised, when the block ends."""
        try:
            if self.is_standard:
                yield sys.stdout.buffer
                sys.stdout.buffer.flush()
            else:
                with _whole(Path(self.given)) as file:
                    yield file
        except OSError as error:
            # A full disk is told without a name.
            if error.filename is None and error.errno is not None:
                raise OSError(error.errno, error.strerror, str(self)) from error
            raise

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """The file as UTF-8, whose ends of lines are written as they come."""
        with self.binary() as file:
            wrapper = io.TextIOWrapper(file, encoding="utf-8", newline="")
            try:
                yield wrapper
                wrapper.flush()
            finally:
                _let_go(wrapper)

    def write(self, content: bytes) -> None:
        """Write the whole file."""
        with self.binary() as file:
            file.write(content)


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name once it is whole and on the disk: what had the name stays in place until then.

    A pipe or a device is written as it is, and so is a file whose folder takes no other.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    is_ordinary = target.is_file() or not target.exists()
    if not is_ordinary or not os.access(target.parent, os.W_OK) or len(os.fsencode(beside.name)) > LONGEST_NAME:
        with path.open("wb") as file:
            yield file
        return
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        file = beside.open("wb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _let_go(wrapper: io.TextIOWrapper) -> None:
    """Leave the file below open: it belongs to the block around, or to the process."""
    try:
        wrapper.detach()
    except OSError:
        # What could not be flushed has already raised its error.
        return
