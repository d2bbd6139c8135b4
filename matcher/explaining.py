"""The explanation of a proposal: a line for each axis, and for everything else that its place comes from."""

from collections.abc import Iterator

from matcher.candidate import Candidate, Views
from matcher.certainty import doubts_of
from matcher.confidence import is_cut
from matcher.evidence.base import Found, sentence_of
from matcher.evidence.component import (
    NATURE_NAMES,
    NATURES,
    component_is_close,
    component_is_named,
    component_is_partial,
    weigh_nature,
)
from matcher.evidence.doubt import label_is_cut, words_are_unread
from matcher.evidence.unit import weigh_unit
from matcher.facts import Reading
from matcher.knowledge import Knowledge
from matcher.names import name_words
from matcher.ranking import Ranking
from matcher.scoring import Weights
from matcher.types import Axis, Evidence, LocalTest, Term, Verdict

_AXES = (Axis.PROPERTY, Axis.TIME, Axis.SYSTEM, Axis.SCALE, Axis.METHOD)


class Explaining:
    """Tells a candidate in French sentences."""

    def __init__(self, views: Views, ranking: Ranking, weights: Weights) -> None:
        self.views = views
        self.index = views.index
        self.strengths = views.strengths
        self.ranking = ranking
        self.weights = weights

    def explain(self, candidate: Candidate, test: LocalTest, knowledge: Knowledge) -> tuple[Evidence, ...]:
        """The seven lines of a proposal, and the component's divisor, challenge and nature where they count."""
        return (
            *self._component(candidate),
            *(line for axis in _AXES for line in self._axis(axis, candidate)),
            *self._unit_and_doubts(candidate, test, knowledge),
            *(
                _evidence(Axis.COMPONENT, found, self._term(candidate).loinc_num, weight)
                for found, weight in self.ranking.known_of(test, candidate, knowledge)
            ),
        )

    def _component(self, candidate: Candidate) -> Iterator[Evidence]:
        reading, facts = candidate.reading, candidate.reading.facts
        yield self._named(self._term(candidate), reading, candidate.component)
        for name in ("divisor", "challenge"):
            value = self.views.value(name, candidate)
            found = self.strengths.weigher(name)(facts, value)
            if value or found.strength:
                yield _evidence(Axis.COMPONENT, found, value, getattr(self.weights, name))
        nature = NATURES[self.strengths.codes.natures[candidate.position]]
        if facts.nature and nature != facts.nature:
            found = weigh_nature(facts, nature)
            yield _evidence(Axis.COMPONENT, found, NATURE_NAMES[nature], self.weights.nature)

    def _axis(self, axis: Axis, candidate: Candidate) -> Iterator[Evidence]:
        term, facts = self._term(candidate), candidate.reading.facts
        if axis is Axis.METHOD and not facts.methods:
            for reason in candidate.reasons:
                sentence = sentence_of(reason.rule, reason.local, reason.term)
                weight = self.weights.national_choice if reason is candidate.reasons[0] else 0.0
                yield Evidence(axis, Verdict.AGREE, sentence, "", term.method_typ, weight)
            if candidate.is_settled:
                # A technique so settled needs no proof in the row: the lines that say why stand for its own.
                return
        value = self.views.value(axis.value, candidate)
        found = self.strengths.weigher(axis.value)(facts, value)
        yield _evidence(axis, found, value, getattr(self.weights, axis.value))
        if axis is Axis.PROPERTY and candidate.habit is not None:
            sentence = sentence_of(candidate.habit.rule, candidate.habit.local, candidate.habit.term)
            yield Evidence(axis, Verdict.AGREE, sentence, "", value, self.weights.national_choice)

    def _unit_and_doubts(self, candidate: Candidate, test: LocalTest, knowledge: Knowledge) -> Iterator[Evidence]:
        term, reading = self._term(candidate), candidate.reading
        found = weigh_unit(reading.facts, term.units, self.index.dimensions_of(term))
        yield _evidence(Axis.UNIT, found, term.units, self.weights.unit)
        for doubt in (*reading.doubts, *doubts_of(self.views, candidate)):
            sentence = sentence_of(doubt.rule, doubt.local, doubt.term)
            yield Evidence(doubt.axis, doubt.verdict, sentence, doubt.local, doubt.term)
        if is_cut(test, knowledge.label_width):
            sentence = sentence_of(label_is_cut, str(knowledge.label_width), "")
            yield Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence, test.label)
        if reading.leftover:
            unread = " ".join(reading.leftover)
            yield Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence_of(words_are_unread, unread, ""), unread)

    def _named(self, term: Term, reading: Reading, component: float) -> Evidence:
        local = " + ".join(span for span, _ in reading.spans) or " ".join(reading.leftover)
        analyte = self.index.analytes[self.index.analyte_of[self.index.number_of[term.loinc_num]]]
        asked, offered = set(reading.wanted) | set(reading.leftover), set(name_words(analyte))
        if analyte in reading.analytes or asked == offered:
            rule, verdict = component_is_named, Verdict.AGREE
        elif len(asked & offered) / max(len(asked | offered), 1) >= 0.6:
            rule, verdict = component_is_close, Verdict.COMPATIBLE
        else:
            rule, verdict = component_is_partial, Verdict.UNKNOWN
        return Evidence(
            Axis.COMPONENT, verdict, sentence_of(rule, local, term.component), local, term.component, component
        )

    def _term(self, candidate: Candidate) -> Term:
        return self.index.terms[candidate.position]


def _evidence(axis: Axis, found: Found, term: str, weight: float) -> Evidence:
    sentence = sentence_of(found.rule, found.local, term)
    return Evidence(axis, found.verdict, sentence, found.local, term, round(weight * found.strength, 3))
