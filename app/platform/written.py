"""What a person must write where an act asks her why: one rule for every room."""

from app.errors import InvalidInputError
from app.text import is_written, seen

HOW_MUCH = "Trois lettres ou chiffres au moins, dont deux différents, sont nécessaires."


def why_unwritten(text: str, asked: str) -> str:
    """Why this does not answer what is asked, as sentences; empty when it does."""
    if is_written(text):
        return ""
    return f"{asked} {HOW_MUCH}" if seen(text) else asked


def require_written(text: str, asked: str) -> None:
    """Raise InvalidInputError unless somebody wrote something; `asked` is the sentence that asks for it."""
    problem = why_unwritten(text, asked)
    if problem:
        raise InvalidInputError(problem)
