"""The national choice: of siblings that differ by method or precision, the code that the country uses."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matcher.index import TermIndex

_ONE_SPECIMEN = {"Ser": "Ser/Plas", "Plas": "Ser/Plas", "Ser/Plas/Bld": "Ser/Plas"}

_ONE_CHALLENGE = {"pre-meal": "post CFst"}
_SHARED = ("property", "time", "scale", "divisor")


@dataclass(frozen=True, slots=True)
class NationalChoice:
    """The codes chosen in a release, as positions; a code that is alone in its family needs no choice."""

    sources: Mapping[int, str] = field(default_factory=dict)
    """Position of a chosen term -> the public source of the choice."""
    siblings: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Position of a chosen term -> the others of its family."""

    @classmethod
    def of(cls, index: TermIndex, choices: Iterable[tuple[str, str]]) -> "NationalChoice":
        """The choices (code, source) that this release holds."""
        families: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for position in range(len(index.terms)):
            families[_family(index, position)].append(position)
        sources: dict[int, str] = {}
        siblings: dict[int, tuple[int, ...]] = {}
        for code, source in choices:
            position = index.number_of.get(code, -1)
            others = tuple(other for other in families[_family(index, position)] if other != position)
            if position >= 0 and others:
                sources[position], siblings[position] = source, others
        return cls(sources, siblings)


def _family(index: TermIndex, position: int) -> tuple[object, ...]:
    """What siblings by method or precision share."""
    term = index.terms[position]
    # A control is not the patient: its code is nobody's sibling.
    subject = bool(index.other_subject[position])
    axes = (int(index.axis_codes[axis][position]) for axis in _SHARED)
    challenge = index.axis_values["challenge"][index.axis_codes["challenge"][position]]
    return (
        int(index.analyte_of[position]),
        subject,
        _ONE_SPECIMEN.get(term.system, term.system),
        _ONE_CHALLENGE.get(challenge, challenge),
        *axes,
    )
