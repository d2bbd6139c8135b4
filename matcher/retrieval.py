"""Retrieval: the terms whose analytes share words with a reading, scored on every axis at once."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from matcher.candidate import CONTRADICTS, VETOING, Candidate
from matcher.facts import Facts, Reading
from matcher.index import CLASSES, Floats, Ints, TermIndex
from matcher.scoring import EngineOptions, Weights
from matcher.strengths import Strengths

CLASSES_NAMED = frozenset(CLASSES)
Masses = NDArray[np.float64]


class Retrieval:
    """Scores the terms of an index against readings."""

    def __init__(self, index: TermIndex, strengths: Strengths, options: EngineOptions) -> None:
        self.index = index
        self.strengths = strengths
        self.options = options
        self._axes = self._weighed(options.weights)

    def score_readings(self, readings: Iterable[Reading], limit: int) -> Iterator[Candidate]:
        """The best terms of each reading of a row, in no order; the readings come likeliest first.

        Readings of one row often name the same words, which are looked up once; one that says nothing else than a
        likelier one before it has no term that scores better.
        """
        retrieved: dict[tuple[tuple[str, ...], ...], tuple[Ints, Floats]] = {}
        seen: set[tuple[tuple[tuple[str, ...], ...], Facts]] = set()
        for reading in readings:
            named = (reading.wanted, reading.leftover, reading.analytes, reading.organisms)
            if (named, reading.facts) in seen:
                continue
            seen.add((named, reading.facts))
            found = retrieved.get(named)
            if found is None:
                found = retrieved[named] = self._terms(reading)
            if len(found[0]):
                yield from self.score_terms(reading, *found, limit)

    def _terms(self, reading: Reading) -> tuple[Ints, Floats]:
        """The terms that the words of a reading bring, and what their components are worth."""
        analytes, component = self._retrieve(reading)
        if not len(analytes):
            return analytes, component
        positions, owner = self.index.expand(analytes, component)
        return positions[: self.options.terms], owner[: self.options.terms]

    def score_term(self, reading: Reading, position: int) -> Candidate:
        """One given term, as if no word had brought it."""
        return self.score_terms(reading, np.array([position], np.int32), np.zeros(1, np.float32), 1)[0]

    def score_terms(self, reading: Reading, positions: Ints, owner: Floats, limit: int) -> list[Candidate]:
        """The best `limit` of these terms on every axis, in no order; `owner` is what their components are worth."""
        index, weights, facts = self.index, self.options.weights, reading.facts
        score = owner + np.float32(weights.reading * reading.prior)
        places = positions.astype(np.intp)
        for name, weight in self._axes:
            table = self.strengths.table(name, facts)
            if table.is_silent:
                continue
            worth, cost = table.worth(weight, weights.veto if name in VETOING else 0.0, CONTRADICTS)
            codes = self.strengths.codes_of(name).take(places)
            score += worth.take(codes)
            if cost is not None:
                score -= cost.take(codes)
        score += weights.prior * index.prior.take(places)
        score += (weights.subject if facts.is_control else -weights.subject) * index.other_subject.take(places)
        take = min(limit, len(positions))
        chosen = np.argpartition(-score, take - 1)[:take] if take < len(positions) else np.arange(len(positions))
        found = zip(positions[chosen].tolist(), score[chosen].tolist(), owner[chosen].tolist(), strict=True)
        return [Candidate(*each, reading) for each in found]

    @staticmethod
    def _weighed(weights: Weights) -> tuple[tuple[str, float], ...]:
        return (
            ("property", weights.property), ("time", weights.time), ("system", weights.system), ("scale",
            weights.scale),
            ("method", weights.method), ("divisor", weights.divisor), ("challenge", weights.challenge),
            ("class_name", weights.class_name), ("status", weights.status), ("order_obs", weights.order),
            ("unit", weights.unit), ("nature", weights.nature),
        )  # fmt: skip

    def _retrieve(self, reading: Reading) -> tuple[Ints, Floats]:
        """The analytes that share words with the reading, with their component score, best first."""
        index, weights = self.index, self.options.weights
        wanted = [(index.vocabulary[word], 1.0) for word in reading.wanted if word in index.vocabulary]
        seen = {word for word, _ in wanted}
        left = [(index.vocabulary[word], 0.8) for word in reading.leftover if word in index.vocabulary]
        left = [(word, share) for word, share in left if word not in seen]
        unknown = sum(1 for word in reading.leftover if word not in index.vocabulary)
        exact = [index.analyte_codes[name] for name in reading.analytes if name in index.analyte_codes]
        if not wanted and not left and not exact:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        weighed = [(word, float(index.word_weight[word]) * share) for word, share in wanted + left]
        found, matched = index.analytes_sharing(weighed)
        if exact:
            found, matched = _with(found, matched, exact)
        asked = sum(mass for _, mass in weighed) + 1.2 * min(unknown, 3)
        covered = matched / max(asked, 1e-6)
        is_classless = CLASSES_NAMED.isdisjoint(reading.wanted) and CLASSES_NAMED.isdisjoint(reading.leftover)
        weight = index.classless_weight if is_classless else index.analyte_weight
        filled = matched / np.maximum(weight[found], 1e-6)
        component = weights.component * (0.6 * covered + 0.4 * np.minimum(filled, 1.0))
        # Several expressions together may spell an analyte in full: toxo + IgG, clairance + acide urique.
        component += weights.exact * weights.composed * ((covered > 0.999) & (filled > 0.999))
        for analyte in exact:
            # An analyte named in full counts for the part of the label that it covers: DHEA is not sulfate de DHEA.
            # A bare organism names no test by itself: antibodies, antigens and cultures of it compete.
            place = int(np.searchsorted(found, analyte))
            share = 0.3 if index.analytes[analyte] in reading.organisms else 1.0
            component[place] += weights.exact * share * max(0.0, 2.0 * float(covered[place]) - 1.0)
        pool = min(self.options.pool, len(found))
        best = np.argpartition(-component, pool - 1)[:pool] if pool < len(found) else np.arange(len(found))
        best = best[component[best] > 0.12 * weights.component]
        best = best[np.argsort(-component[best], kind="stable")]
        return found[best].astype(np.int32), component[best].astype(np.float32)


def _with(found: Ints, matched: Masses, exact: list[int]) -> tuple[Ints, Masses]:
    """Add analytes named in full that share no indexed word; the result stays sorted."""
    wanted = np.asarray(sorted(set(exact)), np.int32)
    places = found.searchsorted(wanted)
    is_missing = np.array(
        [place == len(found) or found[place] != analyte for place, analyte in zip(places, wanted, strict=True)], bool
    )
    if not is_missing.any():
        return found, matched
    places = places[is_missing]
    return np.insert(found, places, wanted[is_missing]), np.insert(matched, places, 0.0)
