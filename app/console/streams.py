"""Files named on the command line, where `-` is the standard input or output; their bytes are never touched."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

STANDARD = "-"


def _guessed_suffix(content: bytes) -> str:
    """The ending that a file of these bytes would have: what has no name is recognised by its content."""
    from app.files.archive import is_archive
    from app.files.fhir_json import looks_like_json
    from app.files.workbook import workbook_format

    if is_archive(content):
        return ".zip"
    return f".{workbook_format(content) or ('json' if looks_like_json(content) else 'csv')}"


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
        content = sys.stdin.buffer.read()
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
                shutil.copyfileobj(sys.stdin.buffer, file)
            yield path


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

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The file, open; it is whole, or an error was raised, when the block ends."""
        try:
            if self.is_standard:
                yield sys.stdout.buffer
                sys.stdout.buffer.flush()
            else:
                with Path(self.given).open("wb") as file:
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


def _let_go(wrapper: io.TextIOWrapper) -> None:
    """Leave the file below open: it belongs to the block around, or to the process."""
    try:
        wrapper.detach()
    except OSError:
        # What could not be flushed has already raised its error.
        return
