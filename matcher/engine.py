"""The engine: parse a row, retrieve analytes, score the terms on every axis, rank, calibrate, explain."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matcher.calibration import Calibration, Signals
from matcher.disciplines import OTHER, Disciplines
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
from matcher.evidence.prior import national_choice, weigh_memory, weigh_nabm, weigh_set
from matcher.evidence.unit import weigh_unit
from matcher.facts import Parsed, Reading
from matcher.families import OTHER_PROPERTY, Families
from matcher.habits import METHOD, PROPERTY, Habit
from matcher.index import Floats, Ints, TermIndex
from matcher.knowledge import Knowledge, signature
from matcher.learning import Choice, established
from matcher.names import name_words
from matcher.national import NationalChoice
from matcher.nontest import NonTestRules
from matcher.parse import Parser
from matcher.scoring import WEIGHTS, Weights
from matcher.strengths import Strengths
from matcher.types import Axis, Band, Evidence, LocalTest, Proposal, Tables, Term, Verdict

ENGINE_VERSION = "2"
Masses = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What a caller may choose. `weights` is the table of scoring; `pool` bounds the analytes considered."""

    weights: Weights = WEIGHTS
    pool: int = 48
    terms: int = 900


@dataclass(slots=True)
class Candidate:
    """A scored term; `reading` is the one under which it scored best."""

    position: int
    score: float
    component: float
    reading: Reading


class Engine:
    """Proposes LOINC terms for local tests; give it tables and a built index, it reads nothing itself."""

    def __init__(
        self,
        index: TermIndex,
        tables: Tables,
        options: EngineOptions | None = None,
        calibration: Calibration | None = None,
        knowledge: Knowledge | None = None,
    ) -> None:
        self.knowledge = knowledge or Knowledge()
        self.index = index
        self.options = options or EngineOptions()
        self.parser = Parser(tables, frozenset(index.vocabulary), index.analyte_keys)
        self.nontests = NonTestRules(tables.nontests, tables.row_words)
        self.calibration = calibration or Calibration.default()
        self.strengths = Strengths(index)
        self.families = Families(index)
        self.disciplines = Disciplines.of(tables)
        self.national = NationalChoice.of(index, tables.national)

    def with_knowledge(self, knowledge: Knowledge) -> "Engine":
        """The same engine, sharing its index and tables, knowing something else beside the release."""
        other = copy(self)
        other.knowledge = knowledge
        return other

    def propose(self, test: LocalTest, top: int = 10, explain: bool = True) -> list[Proposal]:
        """Ranked proposals for one row, best first; rank 0 says that the row is no test."""
        candidates, reason_probability, reason = self.ranked(test, max(top, SHARED))
        proposals: list[Proposal] = []
        if reason_probability > 0:
            evidence: tuple[Evidence, ...] = ()
            if explain:
                evidence = (Evidence(Axis.COMPONENT, Verdict.AGREE, reason, test.label),)
            proposals.append(
                Proposal(0, "", round(reason_probability, 6), self._nontest_band(reason_probability), evidence)
            )
        if not candidates:
            return proposals
        signals = self.signals(candidates, reason_probability)
        remembered = weigh_memory(self.knowledge, test, self.index.terms[candidates[0].position].loinc_num)
        scores = [candidate.score for candidate in candidates[: max(top, SHARED)]]
        is_doubtful = self.is_doubtful(candidates[0]) or self._is_cut(test)
        confidences = self.calibration.confidences(signals, scores, remembered is not None, is_doubtful)
        for rank, (candidate, confidence) in enumerate(zip(candidates[:top], confidences, strict=False), start=1):
            evidence = self.explain(candidate, test) if explain else ()
            # Only the first may be sure; whether it is contradicted never depends on its explanation.
            contradicted = rank == 1 and self._is_contradicted(candidate)
            band = self.calibration.band(confidence, rank, contradicted)
            term = self.index.terms[candidate.position]
            proposals.append(Proposal(rank, term.loinc_num, round(confidence, 6), band, evidence))
        return proposals

    def propose_many(
        self, tests: Iterable[LocalTest], top: int = 10, explain: bool = False
    ) -> Iterator[list[Proposal]]:
        """Proposals for each row, in order; a row's answer never depends on the others."""
        for test in tests:
            yield self.propose(test, top, explain)

    def candidates(self, test: LocalTest, limit: int) -> list[Candidate]:
        """The best `limit` scored terms of a row, for the benches."""
        return self.ranked(test, limit)[0]

    def weigh(self, test: LocalTest, loinc_num: str) -> tuple[Evidence, ...]:
        """The evidence of one given code for a row, under the reading that suits it best; empty when unknown."""
        position = self.index.number_of.get(loinc_num)
        parsed = self.parser.parse(test)
        if position is None or not parsed.readings:
            return ()
        known = {item.position: item for item in self.ranked(test, 200)[0]}
        candidate = known.get(position) or Candidate(position, 0.0, 0.0, parsed.readings[0])
        return self.explain(candidate, test)

    def learn(self, decisions: Iterable[tuple[LocalTest, str]]) -> tuple[Habit, ...]:
        """The habits that the decisions (row, code) of a catalogue establish, whatever is remembered of them."""
        plain = self.with_knowledge(replace(self.knowledge, memory={}, habits=()))
        return established(choice for test, code in decisions for choice in plain._choices_of(test, code))

    def _choices_of(self, test: LocalTest, loinc_num: str) -> Iterator[Choice]:
        """What a decision chose among siblings where its row left the choice; a code that contradicts its row, none."""
        position = self.index.number_of.get(loinc_num)
        ranked = self.ranked(test, DEPTH)[0] if position is not None else []
        decided = next((item for item in ranked if item.position == position), None)
        if decided is None or self._is_contradicted(decided):
            return
        usable = [item for item in ranked if not self._is_contradicted(item)]
        for kind, axis, group in (
            (METHOD, "method", self.families.of_family),
            (PROPERTY, "property", self.families.of_measurement),
        ):
            siblings = [item for item in usable if group[item.position] == group[decided.position]]
            offered = frozenset(self._axis_value(axis, item) for item in siblings)
            if len(offered) > 1 and self._leaves_open(kind, test, decided):
                yield Choice(
                    kind,
                    self._discipline_of(decided),
                    test.label,
                    self._axis_value(axis, decided),
                    self._axis_value(axis, siblings[0]),
                    offered,
                )

    def _leaves_open(self, kind: str, test: LocalTest, candidate: Candidate) -> bool:
        """Whether neither the row nor the country says which method, or which property."""
        facts = candidate.reading.facts
        if kind == METHOD:
            members = self.families.members(candidate.position)
            return not facts.methods and not any(place in self.national.sources for place in members)
        value = self._axis_value("property", candidate)
        both = {value, OTHER_PROPERTY.get(value, value)}
        is_said = bool(facts.properties) and not both <= set(facts.properties)
        return not test.unit.strip() and not facts.unit.is_known and not facts.stated_properties and not is_said

    def _discipline_of(self, candidate: Candidate) -> str:
        """The discipline of a code, or of the chapter of its row where the release files it nowhere."""
        key = self.disciplines.of_class(self._axis_value("class_name", candidate))
        if key == OTHER and candidate.reading.facts.classes:
            key = self.disciplines.of_class(candidate.reading.facts.classes[0])
        return key

    # ---- retrieval and scoring -------------------------------------------------------------------------

    def ranked(self, test: LocalTest, limit: int) -> tuple[list[Candidate], float, str]:
        """The best scored terms, the probability that the row is no test, and its reason."""
        parsed = self.parser.parse(test)
        # What is known beside the release reorders candidates: it must see as many whatever was asked for.
        ranked = self._ranked(test, parsed, max(limit, DEPTH) if self.knowledge else limit)
        if ranked and self._is_contradicted(ranked[0]):
            ranked = self._compatible_first(self._ranked(test, parsed, max(limit, DEPTH)))
        probability, reason = self.nontests.judge(parsed)
        return ranked[:limit], probability, reason

    def _ranked(self, test: LocalTest, parsed: Parsed, depth: int) -> list[Candidate]:
        """The candidates of all readings of a row, best first."""
        best: dict[int, Candidate] = {}
        for reading in parsed.readings:
            for candidate in self._score_reading(reading, depth):
                known = best.get(candidate.position)
                if known is None or candidate.score > known.score:
                    best[candidate.position] = candidate
        if self.knowledge:
            self._add_remembered(test, parsed.readings, best)
        self._prefer_national(best)
        for candidate in best.values() if self.knowledge else ():
            candidate.score += sum(weight * found.strength for found, weight in self._known_of(test, candidate))
        return sorted(best.values(), key=lambda item: (-item.score, self.index.terms[item.position].loinc_num))

    def _compatible_first(self, ranked: list[Candidate]) -> list[Candidate]:
        """A code that the row contradicts never stands before one of the same worth that it does not contradict.

        Of the same worth: the words of the label name its component as well, or nearly.
        """
        for place, item in enumerate(ranked):
            if item.component >= AS_WELL * ranked[0].component and not self._is_contradicted(item):
                return [item, *ranked[:place], *ranked[place + 1 :]]
        return ranked

    def _is_contradicted(self, candidate: Candidate) -> bool:
        return self.strengths.is_contradicted(candidate.reading.facts, candidate.position)

    def _prefer_national(self, best: dict[int, Candidate]) -> None:
        """Within a family that differs by method or precision, let the national choice stand where the first stood."""
        for position in [position for position in best if position in self.national.sources]:
            chosen = best[position]
            if not self._is_chosen(chosen):
                continue
            siblings = [item for place in self.national.siblings[position] if (item := best.get(place)) is not None]
            chosen.score = max([chosen.score, *(item.score for item in siblings)])
            for item in siblings:
                item.score -= self.options.weights.national_choice

    def _score_reading(self, reading: Reading, limit: int) -> list[Candidate]:
        analytes, component = self._retrieve(reading)
        if not len(analytes):
            return []
        positions, owner = self.index.expand(analytes, component)
        if len(positions) > self.options.terms:
            positions, owner = positions[: self.options.terms], owner[: self.options.terms]
        return self._score_terms(reading, positions, owner, limit)

    def _add_remembered(self, test: LocalTest, readings: tuple[Reading, ...], best: dict[int, Candidate]) -> None:
        """A code validated elsewhere for the same signature is a candidate even if no word brings it."""
        for item in self.knowledge.memory.get(signature(test), ()) if self.knowledge.memory else ():
            position = self.index.number_of.get(item.loinc_num)
            if position is not None and position not in best and readings:
                places, owner = np.array([position], np.int32), np.zeros(1, np.float32)
                best[position] = self._score_terms(readings[0], places, owner, 1)[0]

    def _known_of(self, test: LocalTest, candidate: Candidate) -> list[tuple[Found, float]]:
        """What memory, NABM and the national set say of a candidate, with their weights."""
        loinc_num, weights = self.index.terms[candidate.position].loinc_num, self.options.weights
        knowledge = self.knowledge
        said = (
            (weigh_memory(knowledge, test, loinc_num) if knowledge.memory else None, weights.memory),
            (weigh_nabm(knowledge, test, loinc_num) if knowledge.nabm else None, weights.nabm),
            (weigh_set(knowledge, loinc_num), weights.national_set),
        )
        return [(found, weight) for found, weight in said if found is not None]

    def _score_terms(self, reading: Reading, positions: Ints, owner: Floats, limit: int) -> list[Candidate]:
        index, weights, facts = self.index, self.options.weights, reading.facts
        score = owner + np.float32(weights.reading * reading.prior)
        for name, weight in self._axes:
            strength = self.strengths.of_terms(name, facts, positions)
            score += weight * strength
            if name in _VETOING:
                score -= weights.veto * (strength <= CONTRADICTS)
        score += weights.unit * self.strengths.of_terms("unit", facts, positions)
        score += weights.nature * self.strengths.of_terms("nature", facts, positions)
        score += weights.prior * index.prior[positions]
        score += (weights.subject if facts.is_control else -weights.subject) * index.other_subject[positions]
        take = min(limit, len(positions))
        chosen = np.argpartition(-score, take - 1)[:take] if take < len(positions) else np.arange(len(positions))
        return [Candidate(int(positions[i]), float(score[i]), float(owner[i]), reading) for i in chosen]

    @property
    def _axes(self) -> tuple[tuple[str, float], ...]:
        weights = self.options.weights
        return (
            ("property", weights.property), ("time", weights.time), ("system", weights.system), ("scale",
            weights.scale),
            ("method", weights.method), ("divisor", weights.divisor), ("challenge", weights.challenge),
            ("class_name", weights.class_name), ("status", weights.status), ("order_obs", weights.order),
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
        filled = matched / np.maximum(index.analyte_weight[found], 1e-6)
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

    # ---- evidence --------------------------------------------------------------------------------------

    def explain(self, candidate: Candidate, test: LocalTest) -> tuple[Evidence, ...]:
        """The seven lines of a proposal, and the component's divisor, challenge and nature where they count."""
        term = self.index.terms[candidate.position]
        reading, weights = candidate.reading, self.options.weights
        values = {
            name: self.index.axis_values[name][self.index.axis_codes[name][candidate.position]] for name in _SHOWN
        }
        lines = [self._explain_component(term, reading, candidate.component)]
        for name in ("divisor", "challenge"):
            found = self.strengths.weigher(name)(reading.facts, values[name])
            if values[name] or found.strength:
                lines.append(_evidence(Axis.COMPONENT, found, values[name], getattr(weights, name)))
        nature = NATURES[self.strengths.nature_codes[candidate.position]]
        found = weigh_nature(reading.facts, nature)
        if reading.facts.nature and nature != reading.facts.nature:
            lines.append(_evidence(Axis.COMPONENT, found, NATURE_NAMES[nature], weights.nature))
        is_chosen = self._is_chosen(candidate) and not reading.facts.methods
        source = self.national.sources.get(candidate.position) if is_chosen else None
        for axis in (Axis.PROPERTY, Axis.TIME, Axis.SYSTEM, Axis.SCALE, Axis.METHOD):
            if axis is Axis.METHOD and source is not None:
                # What the country chose needs no proof in the row: its line says the source, and stands for both.
                sentence = sentence_of(national_choice, "", source)
                lines.append(Evidence(axis, Verdict.AGREE, sentence, "", term.method_typ, weights.national_choice))
                continue
            found = self.strengths.weigher(axis.value)(reading.facts, values[axis.value])
            lines.append(_evidence(axis, found, values[axis.value], getattr(weights, axis.value)))
        found = weigh_unit(reading.facts, term.units, self.index.dimensions_of(term))
        lines.append(_evidence(Axis.UNIT, found, term.units, weights.unit))
        for doubt in reading.doubts:
            sentence = sentence_of(doubt.rule, doubt.local, doubt.term)
            lines.append(Evidence(doubt.axis, doubt.verdict, sentence, doubt.local, doubt.term))
        if self._is_cut(test):
            sentence = sentence_of(label_is_cut, str(self.knowledge.label_width), "")
            lines.append(Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence, test.label))
        if reading.leftover:
            unread = " ".join(reading.leftover)
            sentence = sentence_of(words_are_unread, unread, "")
            lines.append(Evidence(Axis.COMPONENT, Verdict.UNKNOWN, sentence, unread))
        for known, weight in self._known_of(test, candidate):
            lines.append(_evidence(Axis.COMPONENT, known, term.loinc_num, weight))
        return tuple(lines)

    def _is_chosen(self, candidate: Candidate) -> bool:
        """Whether nothing in the row asks for another technique than that of the national choice."""
        facts = candidate.reading.facts
        if facts.is_american or self._strength("challenge", candidate) < 0:
            return False
        return not facts.methods or self._strength("method", candidate) >= SAID

    def _explain_component(self, term: Term, reading: Reading, component: float) -> Evidence:
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
            Axis.COMPONENT,
            verdict,
            sentence_of(rule, local, term.component),
            local,
            term.component,
            component,
        )

    # ---- confidence ------------------------------------------------------------------------------------

    def signals(self, candidates: list[Candidate], nontest: float) -> Signals:
        """What the confidence in the first of these candidates is made of."""
        first = candidates[0]
        second = candidates[1] if len(candidates) > 1 else None
        reading, facts, index = first.reading, first.reading.facts, self.index
        analyte = index.analytes[index.analyte_of[first.position]]
        return Signals(
            score=first.score,
            margin=first.score - second.score if second else 1.0,
            component=first.component / self.options.weights.component,
            exact=analyte in reading.analytes,
            leftover=len(reading.leftover),
            has_unit=facts.unit.is_known,
            has_specimen=bool(facts.systems),
            prior=float(index.prior[first.position]),
            contradictions=self._contradictions(first),
            nontest=nontest,
            property=self._strength("property", first),
            system=self._strength("system", first),
            scale=self._strength("scale", first),
            method=self._method_strength(first),
            reading=reading.prior,
            rival_is_sibling=second is not None
            and index.analyte_of[first.position] == index.analyte_of[second.position],
            is_organism=bool(reading.organisms),
            nature_known=bool(facts.nature),
            is_chosen=first.position in self.national.sources and self._is_chosen(first),
        )

    def is_doubtful(self, candidate: Candidate) -> bool:
        """Whether something that no likeness outweighs keeps a candidate from being sure: what its reading guessed,
        a condition that only one side states, a control instead of the patient, a specimen that only stands near."""
        facts = candidate.reading.facts
        is_other_subject = bool(self.index.other_subject[candidate.position]) is not facts.is_control
        has_challenge = bool(self._axis_value("challenge", candidate))
        challenge = self._strength("challenge", candidate)
        is_other_condition = challenge < AGREED if has_challenge else challenge <= UNSAID
        is_near_specimen = bool(facts.systems) and self._strength("system", candidate) < NAMED
        return bool(candidate.reading.doubts) or is_other_subject or is_other_condition or is_near_specimen

    def _is_cut(self, test: LocalTest) -> bool:
        """Whether the label fills the width at which those of its catalogue are cut."""
        width = self.knowledge.label_width
        return bool(width) and len(test.label.strip()) >= width

    def _axis_value(self, name: str, candidate: Candidate) -> str:
        value: str = self.index.axis_values[name][self.index.axis_codes[name][candidate.position]]
        return value

    def _method_strength(self, candidate: Candidate) -> float:
        """That of a technique which neither side asks for, when the national choice settles it."""
        if candidate.position in self.national.sources and self._is_chosen(candidate):
            return NOTHING_ASKED
        return self._strength("method", candidate)

    def _strength(self, axis: str, candidate: Candidate) -> float:
        return self.strengths.of_term(axis, candidate.reading.facts, candidate.position)

    def _contradictions(self, candidate: Candidate) -> int:
        return sum(self._strength(name, candidate) <= CONTRADICTS for name in (*_VETOING, "unit"))

    @staticmethod
    def _nontest_band(probability: float) -> Band:
        if probability >= 0.97:
            return Band.SURE
        return Band.TO_CHECK if probability >= 0.6 else Band.UNCERTAIN


def _evidence(axis: Axis, found: Found, term: str, weight: float) -> Evidence:
    sentence = sentence_of(found.rule, found.local, term)
    return Evidence(axis, found.verdict, sentence, found.local, term, round(weight * found.strength, 3))


_VETOING = ("property", "time", "system", "scale")
CONTRADICTS = -0.9
NOTHING_ASKED = 0.5
AS_WELL = 0.85
AGREED = 0.1
UNSAID = -0.3
"""The strengths of a condition of the code that the row states too, and of one of the row that the code leaves out."""
NAMED = 0.6
"""The least strength of a specimen that the row names, and not of one that stands near it."""
SAID = 0.9
"""The strength of a technique that is the one which the row names."""
DEPTH = 100
SHARED = 10
"""The doubt on the first candidate is shared among this many, whatever was asked for."""
_SHOWN = ("property", "time", "system", "scale", "method", "divisor", "challenge")


def _with(found: Ints, matched: Masses, exact: list[int]) -> tuple[Ints, Masses]:
    """Add analytes named in full that share no indexed word; the result stays sorted."""
    missing = np.setdiff1d(np.asarray(exact, np.int32), found)
    if not len(missing):
        return found, matched
    everything = np.concatenate([found, missing])
    order = np.argsort(everything, kind="stable")
    return everything[order], np.concatenate([matched, np.zeros(len(missing), matched.dtype)])[order]
