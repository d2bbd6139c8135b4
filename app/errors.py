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


class WorkbenchError(Exception):
    """Any refusal that the user should read."""

    status_code = 400
    code = ""
    """The code of a FHIR OperationOutcome, where the refusal has one of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


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

    def __reduce__(self) -> tuple[type["ImportRefusedError"], tuple[list[InputProblem]]]:
        # An exception pickles as its sentence: the problems themselves would be lost between two processes.
        return type(self), (self.problems,)
