"""The engine: parse a row, retrieve and rank terms, say how far the first may be believed, and explain."""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from itertools import accumulate

from matcher.calibration import TO_CHECK_AT, Calibration, Signals
from matcher.candidate import Candidate, Views
from matcher.choice import Chooser
from matcher.confidence import Trust, is_cut, is_questioned
from matcher.disciplines import Disciplines
from matcher.evidence.prior import weigh_memory
from matcher.explaining import Explaining
from matcher.families import Families
from matcher.habits import Habit
from matcher.index import TermIndex
from matcher.knowledge import Knowledge
from matcher.learning import choices_of, established
from matcher.lexicon import CompiledLexicon
from matcher.national import NationalChoice
from matcher.nontest import NonTestRules
from matcher.parse import Parser
from matcher.ranking import DEPTH, Ranking
from matcher.retrieval import Retrieval
from matcher.scoring import EngineOptions
from matcher.strengths import Codes, Strengths
from matcher.types import Axis, Band, Evidence, LocalTest, Proposal, Tables, Verdict

__all__ = ["ENGINE_VERSION", "Candidate", "Engine", "EngineOptions"]
ENGINE_VERSION = "2"
SHARED = 10
"""The doubt on the first candidate is shared among this many, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What an engine compiles from its index and its tables."""

    lexicon: CompiledLexicon
    codes: Codes


class Engine:
    """Proposes LOINC terms for local tests; give it tables and a built index, it reads nothing itself."""

    def __init__(
        self,
        index: TermIndex,
        tables: Tables,
        options: EngineOptions | None = None,
        calibration: Calibration | None = None,
        knowledge: Knowledge | None = None,
        compiled: Compiled | None = None,
    ) -> None:
        """`compiled` is what was compiled before from this index and these tables."""
        lexicon, codes = (compiled.lexicon, compiled.codes) if compiled else (None, None)
        self.knowledge = knowledge or Knowledge()
        self.index = index
        self.tables = tables
        self.options = options or EngineOptions()
        self.parser = Parser(tables, frozenset(index.vocabulary), index.analyte_keys, lexicon)
        self.nontests = NonTestRules(tables.nontests, tables.row_words)
        self.calibration = calibration or Calibration.default()
        self.strengths = Strengths(index, codes)
        weights, views, families = self.options.weights, Views(index, self.strengths), Families(index)
        self.national = NationalChoice.of(index, tables.national, families)
        self.chooser = Chooser(views, families, self.national, Disciplines.of(tables), weights.national_choice)
        self.retrieval = Retrieval(index, self.strengths, self.options)
        self.ranking = Ranking(self.retrieval, views, self.chooser, weights)
        self.trust = Trust(views, weights.component)
        self.explaining = Explaining(views, self.ranking, weights)

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
            band = _nontest_band(reason_probability)
            proposals.append(Proposal(0, "", round(reason_probability, 6), band, evidence))
        if not candidates:
            return proposals
        confidences = self._confidences(test, candidates[: max(top, SHARED)], reason_probability)
        for rank, (candidate, confidence) in enumerate(zip(candidates[:top], confidences, strict=False), start=1):
            evidence = self.explain(candidate, test) if explain else ()
            # Only the first may be sure; whether it is contradicted never depends on its explanation.
            contradicted = rank == 1 and self.chooser.views.is_contradicted(candidate)
            band = self.calibration.band(confidence, rank, contradicted)
            loinc_num = self.index.loinc_nums[candidate.position]
            proposals.append(Proposal(rank, loinc_num, round(confidence, 6), band, evidence))
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
        candidate = known.get(position) or self.retrieval.score_term(parsed.readings[0], position)
        return self.explain(candidate, test)

    def learn(self, decisions: Iterable[tuple[LocalTest, str]]) -> tuple[Habit, ...]:
        """The habits that the decisions (row, code) of a catalogue establish, whatever is remembered of them."""
        plain = self.with_knowledge(replace(self.knowledge, memory={}, habits=()))
        return established(
            choice
            for test, code in decisions
            for choice in choices_of(self.chooser, test, plain.ranked(test, DEPTH)[0], self.index.number_of.get(code))
        )

    def ranked(self, test: LocalTest, limit: int) -> tuple[list[Candidate], float, str]:
        """The best scored terms, the probability that the row is no test, and its reason."""
        parsed = self.parser.parse(test)
        ranked = self.ranking.ranked(test, parsed, limit, self.knowledge)
        probability, reason = self.nontests.judge(parsed)
        return ranked[:limit], probability, reason

    def explain(self, candidate: Candidate, test: LocalTest) -> tuple[Evidence, ...]:
        """The seven lines of a proposal, and the component's divisor, challenge and nature where they count."""
        return self.explaining.explain(candidate, test, self.knowledge)

    def signals(self, candidates: list[Candidate], nontest: float) -> Signals:
        """What the confidence in the first of these candidates is made of."""
        return self.trust.signals(candidates, nontest)

    def is_doubtful(self, candidate: Candidate) -> bool:
        """Whether something that no likeness outweighs keeps a candidate from being sure."""
        return self.trust.is_doubtful(candidate)

    def _confidences(self, test: LocalTest, candidates: list[Candidate], nontest: float) -> list[float]:
        """The probability of each of these candidates."""
        first = candidates[0]
        is_remembered = weigh_memory(self.knowledge, test, self.index.loinc_nums[first.position]) is not None
        is_doubtful = self.is_doubtful(first) or is_cut(test, self.knowledge.label_width)
        is_doubtful = is_doubtful or is_questioned(test, first.reading)
        # One that stands in sight of the reviewer is ranked as one of its neighbours: it is believed as they are.
        scores = list(accumulate((item.score for item in reversed(candidates)), max))[::-1]
        values = self.calibration.confidences(self.signals(candidates, nontest), scores, is_remembered, is_doubtful)
        if nontest < TO_CHECK_AT:
            return values
        # « No test » is one of the answers: what is believed of it is no longer to be shared among the codes.
        share = min(1.0, (1.0 - nontest) / sum(values))
        return [value * share for value in values]


def _nontest_band(probability: float) -> Band:
    if probability >= 0.97:
        return Band.SURE
    return Band.TO_CHECK if probability >= 0.6 else Band.UNCERTAIN
