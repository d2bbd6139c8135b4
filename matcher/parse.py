"""From a catalogue row to a partial LOINC name: the competing readings of its label."""

import re
from collections import Counter
from collections.abc import Mapping

from matcher.facts import GENERIC, Parsed, Reading
from matcher.gather import Gatherer
from matcher.lexicon import NO_SENSE, Sense, compile_lexicon, sense_of_name
from matcher.normalise.phrases import Hit, Mender, PhraseTable
from matcher.normalise.text import fold, key_of, words
from matcher.normalise.units import UnitReading, unit_key
from matcher.senses import (
    as_ratio,
    best_products,
    is_short,
    qualified,
    time_conflict,
    unit_words,
    without_context_panels,
)
from matcher.types import LocalTest, Tables

MAX_READINGS = 8
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,24})[)\]]")
_HALVES = re.compile(r"[(\[]([^()\[\]]{4,60})[)\]]")
_TRAILING = re.compile(r"(?:^|\s|:|en )([^\s()]*[/%][^\s()]*)\s*$")


class Parser:
    """Reads rows with the tables it was given."""

    def __init__(self, tables: Tables, vocabulary: frozenset[str], names: Mapping[str, str] | None = None) -> None:
        """`vocabulary` and `names` (joined words → analyte) come from the release's index."""
        self._names = names or {}
        self._named: dict[str, Sense] = {}
        self.gatherer = Gatherer(tables)
        self.units = self.gatherer.units
        self.lexicon: PhraseTable[Sense] = compile_lexicon(tables.lexicon, self.gatherer.label_specimens, self._names)
        counts = Counter(word for entry in tables.lexicon for word in words(entry.expression))
        counts.update(vocabulary)
        self.known = frozenset(counts)
        self.mender = self.gatherer.mender = Mender(counts)

    def parse(self, test: LocalTest) -> Parsed:
        """Understand a row; never fails, whatever the text."""
        label, glued = self._without_unit(test.label)
        unit = self.units.read(test.unit or glued)
        readings = self._readings(test, label, unit, 0.0)
        readings += self._halves(test, label, unit)
        if test.synonym.strip():
            synonym, _ = self._without_unit(test.synonym)
            named = any(reading.analytes for reading in readings)
            others = self._readings(test, synonym, unit, -0.6 if named else -0.12)
            if named and not any(reading.analytes for reading in others):
                # A synonym without analyte qualifies the label: glucose, synonym PP.
                readings += self._readings(test, f"{label} {synonym}", unit, 0.0)
            readings += others
        if not any(reading.analytes for reading in readings) and test.code and not test.code.isdigit():
            readings += [item for item in self._readings(test, test.code, unit, -0.2) if item.analytes]
        if test.exam and not any(reading.analytes for reading in readings):
            readings += self._readings(test, f"{test.exam} {label}", unit, -0.1)
        readings.sort(key=lambda reading: -reading.prior)
        return Parsed(test, tuple(readings[:MAX_READINGS]))

    def _halves(self, test: LocalTest, label: str, unit: UnitReading) -> list[Reading]:
        """Calcitriol (1,25-OH2 vit D): when both halves name an analyte, each is a reading of its own."""
        match = _HALVES.search(label)
        if match is None:
            return []
        outside = self._readings(test, label[: match.start()] + " " + label[match.end() :], unit, -0.04)
        inside = self._readings(test, match.group(1), unit, -0.08)
        if not any(reading.facts.names_analyte for reading in outside[:1]):
            return []
        if not any(reading.facts.names_analyte for reading in inside[:1]):
            return []
        if set(outside[0].analytes) & set(inside[0].analytes):
            return []
        return outside[:2] + inside[:2]

    def _without_unit(self, label: str) -> tuple[str, str]:
        """The label without a unit written inside it, and that unit."""
        for match in _BRACKETS.finditer(label):
            inner = match.group(1).strip()
            if self.units.is_unit(inner) and (len(inner) > 1 or inner == "%") and not inner.isalpha():
                return label[: match.start()] + " " + label[match.end() :], inner
        trailing = _TRAILING.search(label)
        if trailing and self.units.is_unit(trailing.group(1)):
            return label[: trailing.start()], trailing.group(1)
        return label, ""

    def _readings(self, test: LocalTest, label: str, unit: UnitReading, prior: float) -> list[Reading]:
        tokens = words(label)
        tokens = tuple(token if token in self.known else self.mender.mend(token) for token in tokens)
        hits = self._hits(tokens, unit)
        taken = {position for hit in hits for position in range(hit.start, hit.end)}
        free = [position for position in range(len(tokens)) if position not in taken]
        cues = self.gatherer.cues(tokens, free)
        choices = [self._senses(hit, test, unit, tokens) for hit in hits]
        if sum(not hit.values[0].is_modifier for hit in hits) > 1:
            choices = [
                [*senses, (NO_SENSE, -0.3)] if is_short(hit) and len(tokens[hit.start]) <= 4 else senses
                for hit, senses in zip(hits, choices, strict=True)
            ]
        leftover = tuple(
            tokens[position]
            for position in free
            if position not in cues.used and tokens[position] not in GENERIC and tokens[position] != "%"
        )
        readings: list[Reading] = []
        for combination in best_products(choices, MAX_READINGS):
            senses = without_context_panels([sense for sense, _ in combination])
            score = prior + sum(weight for _, weight in combination) - time_conflict(senses, cues.challenges)
            facts = self.gatherer.facts(test, unit, cues, senses, tokens)
            named = qualified([sense for sense in senses if sense.tokens])
            spans = tuple(
                (" ".join(tokens[hit.start : hit.end]), sense.component)
                for hit, sense in zip(hits, senses, strict=True)
                if sense.component
            )
            wanted = tuple(
                dict.fromkeys([*(token for sense in named for token in sense.tokens), *unit_words(unit.text)])
            )
            analytes = tuple(dict.fromkeys(sense.analyte for sense in named if not sense.is_modifier and sense.analyte))
            organisms = tuple(sense.analyte for sense in named if sense.is_organism)
            reading = Reading(wanted, leftover, analytes, organisms, facts, score, spans)
            readings.append(reading)
            ratio = as_ratio(reading, named, label, unit)
            if ratio is not None:
                readings.append(ratio)
        return readings

    def _hits(self, tokens: tuple[str, ...], unit: UnitReading) -> list[Hit[Sense]]:
        """The lexicon's hits; a measured row cannot be the panel "NFS plaquettes", so its parts are read instead."""
        hits: list[Hit[Sense]] = []
        for hit in self.lexicon.scan(tokens):
            if unit.is_known and hit.end - hit.start > 1 and all(sense.entry.kind == "panel" for sense in hit.values):
                inner = self.lexicon.scan(tokens[hit.start + 1 : hit.end])
                hits.extend(Hit(hit.start + 1 + part.start, hit.start + 1 + part.end, part.values) for part in inner)
            else:
                hits.append(hit)
        if len(hits) > 1:
            # A letter beside an analyte qualifies it (bili D, coombs D): it is no analyte of its own.
            hits = [hit for hit in hits if len("".join(tokens[hit.start : hit.end])) > 1]
        return self._with_names(tokens, hits)

    def _with_names(self, tokens: tuple[str, ...], hits: list[Hit[Sense]]) -> list[Hit[Sense]]:
        """Add the analyte names of the release that stand in the words which the lexicon left."""
        taken = {position for hit in hits for position in range(hit.start, hit.end)}
        found = list(hits)
        position = 0
        while position < len(tokens):
            for length in range(4, 0, -1):
                span = range(position, position + length)
                if position + length > len(tokens) or any(place in taken for place in span):
                    continue
                name = self._names.get(key_of(tokens[position : position + length]))
                if name is not None and tokens[position] not in GENERIC:
                    sense = self._named.setdefault(name, sense_of_name(name))
                    found.append(Hit(position, position + length, (sense,)))
                    position += length - 1
                    break
            position += 1
        return sorted(found, key=lambda hit: hit.start)

    def _senses(
        self, hit: Hit[Sense], test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]
    ) -> list[tuple[Sense, float]]:
        scored = [(sense, self._sense_weight(sense, test, unit, tokens)) for sense in hit.values]
        scored.sort(key=lambda pair: -pair[1])
        return scored[:12] if any(sense.challenge for sense, _ in scored) else scored[:5]

    def _sense_weight(self, sense: Sense, test: LocalTest, unit: UnitReading, tokens: tuple[str, ...]) -> float:
        weight = -0.08 * min(sense.order, 4) - 0.1 * min(sense.spelling, 4)
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
                if test.chapter and fold(value)[:7] in fold(test.chapter):
                    return True
            elif key == "label" and set(words(value)) <= set(tokens):
                return True
        return False
