"""What an evidence function answers, and the sentence that its docstring gives to the biologist."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from matcher.types import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """A verdict on one axis and its strength in [-1, 1]; `rule` is the function that states the fact."""

    verdict: Verdict
    strength: float
    rule: Callable[..., Any]
    local: str = ""


def sentence_of(rule: Callable[..., Any], local: str, term: str) -> str:
    """The French sentence of a fact: the docstring of its function, with the two values filled in.

    Raises ValueError when the function has no docstring: an unexplained fact cannot be used.
    """
    text = getdoc(rule)
    if not text:
        raise ValueError(f"{rule!r} has no sentence")
    return text.format(local=local or "non précisé", term=term or "aucune")
