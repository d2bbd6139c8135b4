"""What an expression means in its row: its senses weighed by what the row says around it."""

from matcher.evidence.doubt import Doubt, less_usual_meaning
from matcher.gather import Gatherer
from matcher.lexicon import Sense
from matcher.normalise.phrases import Hit
from matcher.normalise.text import fold, words
from matcher.normalise.units import UnitReading, unit_key
from matcher.types import Axis, LocalTest

IMPLIED = 0.4


class Context:
    """Chooses among the senses of expressions, with the tables of a gatherer."""

    def __init__(self, gatherer: Gatherer) -> None:
        self.gatherer = gatherer
        self.units = gatherer.units

    def less_usual(
        self,
        hits: list[Hit[Sense]],
        senses: list[Sense],
        test: LocalTest,
        unit: UnitReading,
        tokens: tuple[str, ...],
    ) -> list[Doubt]:
        """The writings taken in a meaning that is not their first, though nothing in the row calls for it."""
        return [
            Doubt(Axis.COMPONENT, less_usual_meaning, sense.entry.expression, sense.component)
            for hit, sense in zip(hits, senses, strict=True)
            if sense.order
            and sense.component
            and sense.component not in hit.values[0].entry.component
            and not self._is_supported(sense, test, unit, tokens)
        ]

    def chosen(
        self, hits: list[Hit[Sense]], test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]
    ) -> tuple[list[Hit[Sense]], list[list[tuple[Sense, float]]]]:
        """The hits that mean something in this row, and what each may mean."""
        found = [(hit, self._senses(hit, test, unit, tokens)) for hit in hits]
        return [hit for hit, senses in found if senses], [senses for _, senses in found if senses]

    def _senses(
        self, hit: Hit[Sense], test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]
    ) -> list[tuple[Sense, float]]:
        scored = [
            (sense, self._sense_weight(sense, test, unit, tokens))
            for sense in hit.values
            if not sense.entry.needs_context or self._is_supported(sense, test, unit, tokens)
        ]
        scored.sort(key=lambda pair: -pair[1])
        return scored[:12] if any(sense.challenge for sense, _ in scored) else scored[:5]

    def _sense_weight(self, sense: Sense, test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]) -> float:
        weight = -0.08 * min(sense.order, 4) - 0.1 * min(sense.spelling, 4)
        first = sense.entry.component[0] if sense.spelling else ""
        if first and ((sense.divisor and "/" not in first) or (sense.challenge and "^" not in first)):
            # A ratio or a condition that only a lesser spelling implies agrees with itself: that is no proof.
            weight -= IMPLIED
        if not sense.entry.context:
            return weight
        return weight + (0.25 if self._is_supported(sense, test, unit, tokens) else -0.1)

    def _is_supported(self, sense: Sense, test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]) -> bool:
        for key, value in sense.entry.context:
            if key == "unite":
                wanted = self.units.read(value)
                if unit.text and (
                    unit_key(value) == unit_key(unit.text) or set(wanted.dimensions) & set(unit.dimensions)
                ):
                    return True
            elif key == "milieu":
                if test.specimen and (
                    fold(value) in fold(test.specimen)
                    or set(self.gatherer.specimen(value)[:2]) & set(self.gatherer.specimen(test.specimen)[:2])
                ):
                    return True
            elif key == "chapitre":
                if test.chapter and _is_chapter(value, test.chapter):
                    return True
            elif key == "label" and set(words(value)) <= set(tokens):
                return True
        return False


def _is_chapter(value: str, chapter: str) -> bool:
    """Whether a chapter is the one that a context names, in French or in English."""
    parts = words(value)
    if len(parts) < 2:
        return fold(value)[:7] in fold(chapter)
    written = words(chapter)
    return all(any(word.startswith(part[:6]) for word in written) for part in parts)
