"""The explanation of a proposal: a line for each axis, and for everything else that its place comes from."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from matcher.candidate import CONTRADICTS, VETOING, Candidate, Reason, Views
from matcher.certainty import doubts_of
from matcher.confidence import is_cut, is_questioned
from matcher.evidence import choice, usage
from matcher.evidence.base import Found, sentence_of
from matcher.evidence.component import (
    NATURE_NAMES,
    NATURES,
    component_is_close,
    component_is_named,
    component_is_partial,
    weigh_nature,
)
from matcher.evidence.doubt import label_is_cut, letter_is_lost, word_is_unknown, words_are_unread
from matcher.evidence.system import chapter_suggests_system, no_specimen
from matcher.evidence.unit import weigh_unit
from matcher.facts import Reading
from matcher.knowledge import Knowledge
from matcher.names import name_words
from matcher.ranking import Ranking
from matcher.scoring import Weights
from matcher.types import Axis, Evidence, LocalTest, Term, Unread, Verdict

LEAST = 0.002
"""What is less is rounding, and no part of a score."""
UNREAD: dict[Callable[..., Any], Unread] = {
    words_are_unread: Unread.WORDS,
    word_is_unknown: Unread.WORDS,
    no_specimen: Unread.SPECIMEN,
    chapter_suggests_system: Unread.SPECIMEN,
}
"""The rules that say that something of the local test was not read: no specimen, even where its column says one."""
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
        """The seven lines of a proposal, and a line for every other part of its score: their weights add up to it."""
        lines = [
            *self._component(candidate),
            *(line for axis in _AXES for line in self._axis(axis, candidate)),
            *self._unit_and_doubts(candidate, test, knowledge),
            *self._usual(candidate, test),
            *(
                _evidence(Axis.COMPONENT, found, self._term(candidate).loinc_num, weight)
                for found, weight in self.ranking.known_of(test, candidate, knowledge)
            ),
        ]
        return tuple(self._with_choice(lines, candidate))

    def _with_choice(self, lines: list[Evidence], candidate: Candidate) -> list[Evidence]:
        """What the choice among siblings gave or took stands at the line that says why, or at one of its own."""
        moved = round(candidate.score - sum(line.weight for line in lines), 3)
        chosen = [*candidate.reasons[:1], *((candidate.habit,) if candidate.habit is not None else ())]
        said = {sentence_of(reason.rule, reason.local, reason.term) for reason in chosen}
        for place, line in enumerate(lines):
            if line.sentence in said:
                lines[place] = replace(line, weight=moved)
                moved = 0.0
                break
        if abs(moved) > LEAST:
            # Where the row names the technique, its own line stands there instead of why the code was chosen.
            reason = chosen[0] if chosen else Reason(choice.stands_back)
            lines.append(_told(reason.rule, reason.term, moved, reason.local))
        if candidate.is_lifted:
            lines.append(_told(choice.stands_before_contradicted, "", 0.0))
        if candidate.is_in_sight:
            lines.append(_told(choice.stands_in_sight, "", 0.0))
        return lines

    def _usual(self, candidate: Candidate, test: LocalTest) -> Iterator[Evidence]:
        """How usual code and reading are, and whether the class, status, kind and subject of the code suit the row."""
        facts, weights, place = candidate.reading.facts, self.weights, candidate.position
        parts = [
            (usage.reading_is_likely, candidate.reading.prior * weights.reading, ""),
            (usage.code_is_usual, float(self.index.prior[place]) * weights.prior, ""),
        ]
        for axis, weight, rule in (
            ("class_name", weights.class_name, usage.class_meets_chapter),
            ("status", weights.status, usage.status_counts),
            ("order_obs", weights.order, usage.kind_of_code),
        ):
            parts.append((rule, weight * self.views.strength(axis, candidate), self.views.value(axis, candidate)))
        about_other = float(self.index.other_subject[place]) * weights.subject
        parts.append((usage.subject_counts, about_other if facts.is_control else -about_other, ""))
        for rule, weight, term in parts:
            if abs(weight) > LEAST:
                yield _told(rule, term, weight, test.chapter)

    def _component(self, candidate: Candidate) -> Iterator[Evidence]:
        reading, facts = candidate.reading, candidate.reading.facts
        yield self._named(self._term(candidate), reading, candidate.component)
        for name in ("divisor", "challenge"):
            value = self.views.value(name, candidate)
            found = self.strengths.weigher(name)(facts, value)
            if value or found.strength:
                yield _evidence(Axis.COMPONENT, found, value, getattr(self.weights, name))
        nature = NATURES[self.strengths.codes.natures[candidate.position]]
        found = weigh_nature(facts, nature)
        if found.strength or (facts.nature and nature != facts.nature):
            yield _evidence(Axis.COMPONENT, found, NATURE_NAMES[nature], self.weights.nature)

    def _axis(self, axis: Axis, candidate: Candidate) -> Iterator[Evidence]:
        term, facts = self._term(candidate), candidate.reading.facts
        if axis is Axis.METHOD and not facts.methods:
            for reason in candidate.reasons:
                sentence = sentence_of(reason.rule, reason.local, reason.term)
                yield Evidence(axis, Verdict.AGREE, sentence, "", term.method_typ)
            if candidate.is_settled:
                # A technique so settled needs no proof in the row: the lines that say why stand for its own.
                return
        value = self.views.value(axis.value, candidate)
        found = self.strengths.weigher(axis.value)(facts, value)
        line = _evidence(axis, found, value, getattr(self.weights, axis.value))
        if axis.value in VETOING and found.strength <= CONTRADICTS:
            line = replace(line, weight=round(line.weight - self.weights.veto, 3))
        yield line
        if axis is Axis.PROPERTY and candidate.habit is not None:
            sentence = sentence_of(candidate.habit.rule, candidate.habit.local, candidate.habit.term)
            yield Evidence(axis, Verdict.AGREE, sentence, "", value)

    def _unit_and_doubts(self, candidate: Candidate, test: LocalTest, knowledge: Knowledge) -> Iterator[Evidence]:
        term, reading = self._term(candidate), candidate.reading
        found = weigh_unit(reading.facts, term.units, self.index.dimensions_of(term))
        yield _evidence(Axis.UNIT, found, term.units, self.weights.unit)
        for doubt in (*reading.doubts, *doubts_of(self.views, candidate)):
            sentence = sentence_of(doubt.rule, doubt.local, doubt.term)
            left = UNREAD.get(doubt.rule)
            yield Evidence(doubt.axis, doubt.verdict, sentence, doubt.local, doubt.term, unread=left)
        if is_cut(test, knowledge.label_width):
            sentence = sentence_of(label_is_cut, str(knowledge.label_width), "")
            yield Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence, test.label)
        if is_questioned(test, reading):
            yield Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence_of(letter_is_lost, "", ""), test.label)
        if reading.leftover:
            words = " ".join(reading.leftover)
            sentence, unread = sentence_of(words_are_unread, words, ""), UNREAD[words_are_unread]
            yield Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence, words, unread=unread)

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


def _told(rule: Callable[..., Any], term: str, weight: float, local: str = "") -> Evidence:
    """A part of the score that is about no axis: it says nothing for or against the code's meaning."""
    return Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence_of(rule, local, term), local, term, round(weight, 3))


def _evidence(axis: Axis, found: Found, term: str, weight: float) -> Evidence:
    sentence = sentence_of(found.rule, found.local, term)
    weighed = round(weight * found.strength, 3)
    return Evidence(axis, found.verdict, sentence, found.local, term, weighed, UNREAD.get(found.rule))
