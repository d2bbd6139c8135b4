"""The national choice: of siblings that differ by method or precision, the code that the country uses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from matcher.families import Families
from matcher.index import TermIndex


@dataclass(frozen=True, slots=True)
class NationalChoice:
    """The codes chosen in a release, as positions; a code that is alone in its family needs no choice."""

    sources: Mapping[int, str] = field(default_factory=dict)
    """Position of a chosen term -> the public source of the choice."""
    siblings: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Position of a chosen term -> the others of its family."""

    @classmethod
    def of(
        cls, index: TermIndex, choices: Iterable[tuple[str, str]], families: Families | None = None
    ) -> "NationalChoice":
        """The choices (code, source) that this release holds."""
        families = families or Families(index)
        sources: dict[int, str] = {}
        siblings: dict[int, tuple[int, ...]] = {}
        for code, source in choices:
            position = index.number_of.get(code, -1)
            others = tuple(place for place in families.members(position) if place != position) if position >= 0 else ()
            if others:
                sources[position], siblings[position] = source, others
        return cls(sources, siblings)
