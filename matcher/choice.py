"""The order within a family: which of the codes that differ by method or precision stands first, and why.

What the row writes comes first; then the rule of the laboratory; then *Circuit de la biologie*, as a filter; then the
national choice; then the habits of the catalogue. Each keeps those of the siblings that it favours, and leaves the
rest to the next; where it favours none or all of them, nothing changes.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from matcher.candidate import Candidate, Reason, Views
from matcher.disciplines import OTHER, Disciplines
from matcher.evidence.choice import (
    among_national_set,
    as_decided,
    as_decided_on_property,
    laboratory_rule,
    national_choice,
)
from matcher.evidence.method import PRECISIONS, is_tacit
from matcher.families import OTHER_PROPERTY, Families
from matcher.habits import METHOD, PROPERTY, Habit
from matcher.knowledge import WITH, WITHOUT, Knowledge
from matcher.national import NationalChoice
from matcher.types import LocalTest

SAID = 0.9
"""The strength of a technique that is the one which the row names."""
AS_USUAL = 0.7
"""The share of the usage of the most usual code from which another is nearly as usual."""
_BELOW = 1e-6
_EQUAL = 1e-3
Level = Callable[[list[Candidate]], tuple[list[Candidate], Reason | None]]


class Chooser:
    """Lets the chosen code of a family stand where the first of it stood; the rest of the family steps back."""

    def __init__(
        self, views: Views, families: Families, national: NationalChoice, disciplines: Disciplines, step: float
    ) -> None:
        self.views = views
        self.families = families
        self.national = national
        self._order = {position: place for place, position in enumerate(national.sources)}
        self.disciplines = disciplines
        self.step = step
        """What the siblings of a chosen code lose."""

    def settle(
        self, best: Mapping[int, Candidate], test: LocalTest, knowledge: Knowledge, remembered: Collection[int] = ()
    ) -> None:
        """Order the families of these candidates. Of a family with a `remembered` code, only a rule decides."""
        if not (knowledge.method_rules or knowledge.preferred or knowledge.habits):
            self._settle_national(best, remembered)
            return
        for habit in knowledge.habits:
            if habit.kind == PROPERTY:
                self._prefer_property(best, test, habit)
        is_decided = bool(knowledge.method_rules or knowledge.habits)
        for siblings in self._families(best):
            if is_decided or self._is_divided(siblings, knowledge.preferred):
                self._settle(siblings, knowledge, any(item.position in remembered for item in siblings))

    def _families(self, best: Mapping[int, Candidate]) -> Iterable[list[Candidate]]:
        """The families of these candidates in which there is something to choose."""
        families: dict[int, list[Candidate]] = defaultdict(list)
        for candidate, family in zip(best.values(), self.families.of_family[list(best)].tolist(), strict=True):
            families[family].append(candidate)
        sources = self.national.sources
        return [siblings for siblings in families.values() if len(siblings) > 1 or siblings[0].position in sources]

    def _is_divided(self, siblings: list[Candidate], preferred: Collection[str]) -> bool:
        """Whether the set holds some of these siblings and not all, or the country chose one of them."""
        terms, sources = self.views.index.terms, self.national.sources
        inside = sum(terms[item.position].loinc_num in preferred for item in siblings)
        return 0 < inside < len(siblings) or any(item.position in sources for item in siblings)

    def _settle_national(self, best: Mapping[int, Candidate], remembered: Collection[int]) -> None:
        """The same where nothing but the national table is known, looking at its families alone."""
        done: set[int] = set()
        for position in [place for place in best if place in self.national.sources]:
            family = int(self.families.of_family[position])
            if family not in done:
                done.add(family)
                places = (position, *self.national.siblings[position])
                siblings = [best[place] for place in places if place in best]
                self._settle(siblings, _NOTHING, any(item.position in remembered for item in siblings))

    def _settle(self, siblings: list[Candidate], knowledge: Knowledge, is_remembered: bool) -> None:
        first = max(siblings, key=self._worth)
        kept = siblings
        reasons: list[Reason] = []
        for level in self._levels(first, knowledge, is_remembered):
            found, reason = level(kept)
            if found and reason is not None and (len(found) < len(kept) or reason.rule is national_choice):
                kept, reasons = found, [*reasons, reason]
        if not reasons:
            return
        chosen = max(kept, key=self._worth)
        chosen.reasons = tuple(reasons)
        rules = {reason.rule for reason in reasons}
        # A rule that several siblings follow by several methods says a technique, and not which; a set that holds
        # several of them says nothing of either.
        is_one = len({self.views.value("method", item) for item in kept}) == 1
        chosen.is_settled = is_one or rules != {among_national_set}
        chosen.is_guess = as_decided in rules or (bool({laboratory_rule, national_choice} & rules) and not is_one)
        chosen.score = first.score
        within = {item.position for item in kept}
        least = min(item.score for item in kept)
        for item in siblings:
            if item.position not in within:
                item.score = min(item.score - self.step, least - _BELOW)

    def _worth(self, candidate: Candidate) -> tuple[float, int, str]:
        """The score; of equals, what the country chose first."""
        order = self._order.get(candidate.position, len(self._order))
        return candidate.score, -order, self.views.index.loinc_nums[candidate.position]

    # ---- the levels ------------------------------------------------------------------------------------

    def _levels(self, first: Candidate, knowledge: Knowledge, is_remembered: bool) -> Iterable[Level]:
        """What decides in the family of this candidate, the strongest first."""
        is_written = bool(first.reading.facts.methods)
        discipline = self.discipline_of(first) if knowledge.method_rules or knowledge.habits else OTHER
        rule = knowledge.method_rules.get(discipline, "")
        if rule in (WITH, WITHOUT) and not is_written:
            yield lambda kept: self._by_rule(kept, rule, discipline)
        if is_remembered:
            return
        if knowledge.preferred and not is_written:
            yield lambda kept: self._by_set(kept, knowledge.preferred)
        yield self._by_table
        if not is_written and not self.is_national(first.position):
            yield from (
                lambda kept, habit=habit: self._by_habit(kept, habit)
                for habit in knowledge.habits
                if habit.kind == METHOD and habit.discipline == discipline
            )

    def _by_rule(self, kept: list[Candidate], rule: str, discipline: str) -> tuple[list[Candidate], Reason | None]:
        wanted = self._has_usual_method if rule == WITH else self._has_no_method
        reason = Reason(laboratory_rule, "avec" if rule == WITH else "sans", self.disciplines.in_sentence(discipline))
        return [item for item in kept if wanted(item) and self._is_open(item)], reason

    def _by_set(self, kept: list[Candidate], preferred: Collection[str]) -> tuple[list[Candidate], Reason | None]:
        numbers = self.views.index.loinc_nums
        found = [item for item in kept if numbers[item.position] in preferred and self._is_open(item)]
        return found, Reason(among_national_set)

    def _by_table(self, kept: list[Candidate]) -> tuple[list[Candidate], Reason | None]:
        sources = self.national.sources
        found = [item for item in kept if item.position in sources and self.may_be_chosen(item)]
        if not found:
            return [], None
        best = max(item.score for item in found)
        # Two that nothing in the row tells apart (CKD-EPI, MDRD): both stay, and none is sure.
        kept = [item for item in found if best - item.score < _EQUAL]
        return kept, Reason(national_choice, "", sources[max(kept, key=self._worth).position])

    def _by_habit(self, kept: list[Candidate], habit: Habit) -> tuple[list[Candidate], Reason | None]:
        found = [item for item in kept if self.views.value("method", item) == habit.value and self._is_open(item)]
        return found, Reason(as_decided, _quoted(habit), habit.value or "sans technique")

    def _prefer_property(self, best: Mapping[int, Candidate], test: LocalTest, habit: Habit) -> None:
        """Of mass and moles, or a number and a fraction, of one measurement: let what is usual here stand first."""
        groups: dict[int, list[Candidate]] = defaultdict(list)
        pair = {habit.value, OTHER_PROPERTY.get(habit.value, habit.value)}
        for position, candidate in best.items():
            if self.views.value("property", candidate) in pair and leaves_property_open(test, candidate, pair):
                groups[int(self.families.of_measurement[position])].append(candidate)
        for siblings in groups.values():
            found = [item for item in self.usual(siblings) if self.views.value("property", item) == habit.value]
            found = [item for item in found if self._is_open(item)]
            first = max(siblings, key=self._worth)
            if not found or len(found) == len(siblings) or self.discipline_of(first) != habit.discipline:
                continue
            chosen = max(found, key=self._worth)
            score = first.score
            for item in siblings:
                if item not in found:
                    item.score -= self.step
            for item in found:
                item.habit = Reason(as_decided_on_property, _quoted(habit), habit.value)
            chosen.score = score

    # ---- what a family is to be told of ----------------------------------------------------------------

    def may_be_chosen(self, candidate: Candidate) -> bool:
        """Whether nothing in the row asks for another technique than that of the national choice."""
        facts = candidate.reading.facts
        if facts.is_american or self.views.strength("challenge", candidate) < 0:
            return False
        return not facts.methods or self.views.strength("method", candidate) >= SAID

    def is_national(self, position: int) -> bool:
        """Whether the country chose a code of this family."""
        return any(place in self.national.sources for place in self.families.members(position))

    def usual(self, siblings: list[Candidate]) -> list[Candidate]:
        """Those of one measurement that are nearly as usual as the most usual: sodium in mass is nobody's habit."""
        prior = self.views.index.prior
        least = AS_USUAL * max((float(prior[item.position]) for item in siblings), default=0.0)
        return [item for item in siblings if float(prior[item.position]) >= least]

    def discipline_of(self, candidate: Candidate) -> str:
        """The discipline of a code; of its siblings, or else of the chapter of its row, where the release is silent."""
        index = self.views.index
        for place in (candidate.position, *self.families.members(candidate.position)):
            key = self.disciplines.of_class(index.axis_values["class_name"][index.axis_codes["class_name"][place]])
            if key != OTHER:
                return key
        classes = candidate.reading.facts.classes
        return self.disciplines.of_class(classes[0]) if classes else OTHER

    def _is_open(self, candidate: Candidate) -> bool:
        """Whether the row lets this code stand first: no axis contradicts it, no condition is another."""
        return not self.views.is_contradicted(candidate) and self.views.strength("challenge", candidate) >= 0

    def _has_no_method(self, candidate: Candidate) -> bool:
        return not self.views.value("method", candidate)

    def _has_usual_method(self, candidate: Candidate) -> bool:
        """Whether a code has a method that laboratories have: « avec technique » is no reason for a rare one."""
        method = self.views.value("method", candidate)
        if not method:
            return False
        if method.startswith(PRECISIONS):
            return False
        return is_tacit(method) or candidate.position in self.national.sources


def leaves_property_open(test: LocalTest, candidate: Candidate, pair: Collection[str]) -> bool:
    """Whether nothing in the row says which of two properties is meant."""
    facts = candidate.reading.facts
    if test.unit.strip() or facts.unit.is_known or facts.stated_properties:
        return False
    return not facts.properties or set(pair) <= set(facts.properties)


def _quoted(habit: Habit) -> str:
    return ", ".join(f"« {label} »" for label in habit.examples) or f"{habit.count} autres lignes"


_NOTHING = Knowledge()
