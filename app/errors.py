"""The error tree of the workbench. Each error has an HTTP status and a French sentence for the user.

WorkbenchError 400
├── NotAllowedError 403
├── NotFoundError 404
├── ConflictError 409
├── InvalidInputError 422 ── ImportRefusedError
├── TakenOverError 409
└── TooBusyError 503
"""

from dataclasses import dataclass
from typing import Any


class WorkbenchError(Exception):
    """Any refusal that the user should read."""

    status_code = 400
    code = ""
    """The code of a FHIR OperationOutcome, where the refusal has one of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception pickles as its class called with its sentence: one that words it itself would word it twice.
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(kind: type[WorkbenchError], arguments: tuple[Any, ...], state: dict[str, Any]) -> WorkbenchError:
    """A refusal that comes from another process."""
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class NotAllowedError(WorkbenchError):
    """The person may not do this."""

    status_code = 403


class NotFoundError(WorkbenchError):
    """It does not exist, or not for this person."""

    status_code = 404


class ConflictError(WorkbenchError):
    """Someone else acted first, or the state does not allow it."""

    status_code = 409


class InvalidInputError(WorkbenchError):
    """What was sent cannot be read."""

    status_code = 422


class TakenOverError(WorkbenchError):
    """Another attempt of the same work began since, or this one was taken for dead: it stops, and leaves nothing."""

    status_code = 409


class TooBusyError(WorkbenchError):
    """Too many people ask for the same slow thing at once; it can be asked again in a moment."""

    status_code = 503
    code = "throttled"


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One thing wrong in a received file, placed as the user sees it (row and column count from 1)."""

    file_name: str
    message: str
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        where = [f"fichier « {self.file_name} »"]
        if self.row is not None:
            where.append(f"ligne {self.row}")
        if self.column:
            where.append(f"colonne « {self.column} »")
        return f"{', '.join(where)} : {self.message}"


class ImportRefusedError(InvalidInputError):
    """A file was refused whole; nothing was written."""

    def __init__(self, problems: list[InputProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
