"""Ranking: the candidates of every reading of a row, best first, with all that is known beside the release."""

from collections.abc import Collection

from matcher.candidate import Candidate, Views
from matcher.choice import Chooser
from matcher.evidence.base import Found
from matcher.evidence.prior import weigh_memory, weigh_nabm, weigh_set
from matcher.facts import Parsed
from matcher.knowledge import Knowledge, signature
from matcher.retrieval import Retrieval
from matcher.scoring import Weights
from matcher.types import LocalTest

DEPTH = 100
"""What is known beside the release reorders candidates: it must see as many whatever was asked for."""
AS_WELL = 0.85
"""The share of the worth of a component from which another is of the same worth."""
IN_SIGHT = 5
"""How many proposals a reviewer sees at once."""


class Ranking:
    """Ranks the candidates of rows; it reads what is known, and keeps nothing of a row."""

    def __init__(self, retrieval: Retrieval, views: Views, chooser: Chooser, weights: Weights) -> None:
        self.retrieval = retrieval
        self.views = views
        self.chooser = chooser
        self.weights = weights

    def ranked(self, test: LocalTest, parsed: Parsed, limit: int, knowledge: Knowledge) -> list[Candidate]:
        """The best candidates of a row, at least `limit` where there are so many."""
        ranked = self._ranked(test, parsed, max(limit, DEPTH) if knowledge else limit, knowledge)
        if ranked and self.views.is_contradicted(ranked[0]):
            ranked = self._compatible_first(self._ranked(test, parsed, max(limit, DEPTH), knowledge))
        return self._named_in_sight(ranked)

    def known_of(
        self, test: LocalTest, candidate: Candidate, knowledge: Knowledge
    ) -> list[tuple[Found, float]]:
        """What memory, NABM and the national set say of a candidate, with their weights."""
        loinc_num, weights = self.views.index.loinc_nums[candidate.position], self.weights
        said = (
            (weigh_memory(knowledge, test, loinc_num) if knowledge.memory else None, weights.memory),
            (weigh_nabm(knowledge, test, loinc_num) if knowledge.nabm else None, weights.nabm),
            # A technique that the row writes outweighs the set, among siblings that differ by it.
            (None if candidate.reading.facts.methods else weigh_set(knowledge, loinc_num), weights.national_set),
        )
        return [(found, weight) for found, weight in said if found is not None]

    def _ranked(self, test: LocalTest, parsed: Parsed, depth: int, knowledge: Knowledge) -> list[Candidate]:
        best: dict[int, Candidate] = {}
        for candidate in self.retrieval.score_readings(parsed.readings, depth):
            known = best.get(candidate.position)
            if known is None or candidate.score > known.score:
                best[candidate.position] = candidate
        remembered = self._remembered(test, knowledge)
        self._add(remembered, parsed, best)
        for candidate in best.values() if knowledge else ():
            said = self.known_of(test, candidate, knowledge)
            candidate.score += sum(weight * found.strength for found, weight in said)
        self.chooser.settle(best, test, knowledge, remembered)
        numbers = self.views.index.loinc_nums
        return sorted(best.values(), key=lambda item: (-item.score, numbers[item.position]))

    def _remembered(self, test: LocalTest, knowledge: Knowledge) -> list[int]:
        """The terms that other catalogues validated for the same signature."""
        found = knowledge.memory.get(signature(test), ()) if knowledge.memory else ()
        number_of = self.views.index.number_of
        return [number_of[item.loinc_num] for item in found if item.loinc_num in number_of]

    def _add(self, remembered: Collection[int], parsed: Parsed, best: dict[int, Candidate]) -> None:
        """A code validated elsewhere for the same signature is a candidate even if no word brings it."""
        for position in remembered if parsed.readings else ():
            if position not in best:
                best[position] = self.retrieval.score_term(parsed.readings[0], position)

    def _named_in_sight(self, ranked: list[Candidate]) -> list[Candidate]:
        """What the likeliest reading names in full stands among the first proposals, whatever else speaks against it.

        « MBG », serum: only whole blood has an estimated average glucose. The reviewer sees it, contradiction told,
        under the glucoses of serum, whose names say less of the label.
        """
        likeliest = max((item.reading.prior for item in ranked), default=0.0)
        # Words left over may be what matters; a bare organism names no test by itself.
        own = [
            place
            for place, item in enumerate(ranked)
            if item.reading.prior == likeliest and not (item.reading.leftover or item.reading.organisms)
        ]
        least = AS_WELL * max((ranked[place].component for place in own), default=0.0)
        if least <= 0.0 or any(item.component >= least for item in ranked[:IN_SIGHT]):
            return ranked
        place = next(place for place in own if ranked[place].component >= least)
        ranked[place].is_in_sight = True
        return [*ranked[: IN_SIGHT - 1], ranked[place], *ranked[IN_SIGHT - 1 : place], *ranked[place + 1 :]]

    def _compatible_first(self, ranked: list[Candidate]) -> list[Candidate]:
        """A code that the row contradicts never stands before one of the same worth that it does not contradict.

        Of the same worth: the words of the label name its component as well, or nearly.
        """
        for place, item in enumerate(ranked):
            if item.component >= AS_WELL * ranked[0].component and not self.views.is_contradicted(item):
                item.is_lifted = place > 0
                return [item, *ranked[:place], *ranked[place + 1 :]]
        return ranked
