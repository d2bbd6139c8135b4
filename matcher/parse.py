"""From a catalogue row to a partial LOINC name: the competing readings of its label."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from matcher.evidence.doubt import (
    Doubt,
    label_against_column,
    less_usual_meaning,
    short_name_alone,
    word_is_cut,
    word_is_repaired,
    word_is_unknown,
    writing_is_unsettled,
)
from matcher.facts import GENERIC, Facts, Parsed, Reading
from matcher.gather import Gatherer
from matcher.lexicon import NO_SENSE, CompiledLexicon, Sense, compile_lexicon, counted_words, sense_of_name
from matcher.normalise.damage import filled, unmangled
from matcher.normalise.phrases import Hit, Mended, Mender, PhraseTable, Repair
from matcher.normalise.text import fold, key_of, words
from matcher.normalise.units import UnitReading, unit_key
from matcher.senses import (
    as_ratio,
    best_products,
    is_short,
    qualified,
    time_conflict,
    unique,
    unit_words,
    without_context_panels,
)
from matcher.types import Axis, LocalTest, Tables, Verdict

MAX_READINGS = 8
MAX_SPELLINGS = 3
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,24})[)\]]")
_HALVES = re.compile(r"[(\[]([^()\[\]]{4,60})[)\]]")
_AFTER_FIGURES = re.compile(r"\d(?=\s*([^\s\d;,()<>][^;,()<>]*))")
_AGES = frozenset("an ans annee annees mois semaine semaines jour jours j year years".split())
_TRAILING = re.compile(r"(?:^|\s|:|en )([^\s()]*[/%][^\s()]*)\s*$")


class Parser:
    """Reads rows with the tables it was given."""

    def __init__(
        self,
        tables: Tables,
        vocabulary: frozenset[str],
        names: Mapping[str, str] | None = None,
        compiled: CompiledLexicon | None = None,
    ) -> None:
        """`vocabulary` and `names` (joined words → analyte) come from the release's index.

        `compiled` is the lexicon of these tables for these names, when it was compiled before.
        """
        self._names = names or {}
        self._named: dict[str, Sense] = {}
        self._exams: dict[str, tuple[str, ...]] = {}
        self.gatherer = Gatherer(tables)
        self.units = self.gatherer.units
        self.compiled = compiled or CompiledLexicon(
            compile_lexicon(tables.lexicon, self.gatherer.label_specimens, self._names, tables.short_words),
            counted_words(tables.lexicon),
        )
        self.lexicon: PhraseTable[Sense] = self.compiled.phrases
        counts = Counter(self.compiled.words)
        counts.update(vocabulary)
        self.known = frozenset(counts)
        self.mender = self.gatherer.mender = Mender(counts)
        self._methods = frozenset(self.gatherer.label_techniques.values)
        self.suffixes = PhraseTable((text, systems) for text, systems in tables.suffix_specimens)

    def parse(self, test: LocalTest) -> Parsed:
        """Understand a row; never fails, whatever the text."""
        test = _read_again(test)
        label, glued = self._without_unit(test.label)
        unit = self.units.read(test.unit or glued or self._unit_of_range(test.reference_range))
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

    def _unit_of_range(self, text: str) -> str:
        """The unit written after the figures of reference values: « 2,0 à 9,0 UI/L », « H : 4-5 T/L ; F : 4-5 T/L »."""
        for match in _AFTER_FIGURES.finditer(text):
            unit = match.group(1).strip(" .,;:()")
            if unit and fold(unit) not in _AGES and self.units.is_unit(unit):
                return unit
        return ""

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
        readings: list[Reading] = []
        for rank, (text, tokens, doubts) in enumerate(self._texts(label)):
            readings += self._read(test, text, tokens, unit, prior - 0.06 * rank, doubts)
        return readings

    def _texts(self, label: str) -> Iterator[tuple[str, tuple[str, ...], tuple[Doubt, ...]]]:
        """The texts that a label may be, likeliest first, their words and what is doubtful in them."""
        texts = filled(label, self._is_known, MAX_SPELLINGS) if "?" in label or "\ufffd" in label else []
        for text, lost in texts or [(label, [])]:
            gaps = tuple(Doubt(Axis.COMPONENT, word_is_repaired, *pair) for pair in lost) if len(texts) > 1 else ()
            for tokens, doubts in self._spellings(words(text)):
                yield text, tokens, (*gaps, *doubts)

    def _is_known(self, word: str) -> bool:
        """Whether every word of a piece of text is known."""
        parts = words(word)
        return bool(parts) and all(part in self.known for part in parts)

    def _spellings(self, written: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[Doubt, ...]]]:
        """The words of a label as known words, likeliest first; an unknown word may be several known ones."""
        mended = {
            position: found
            for position, word in enumerate(written)
            if word not in self.known and (found := self.mender.readings(word))
        }
        spellings: list[tuple[tuple[str, ...], tuple[Doubt, ...]]] = []
        for place, rank in [(-1, 0), *((p, r) for p, found in mended.items() for r in range(1, len(found)))]:
            chosen = {p: found[rank if p == place else 0] for p, found in mended.items()}
            tokens = tuple(chosen[p].word if p in chosen else word for p, word in enumerate(written))
            doubts = tuple(_repaired(written[p], item) for p, item in chosen.items() if item.is_doubtful)
            spellings.append((tokens, doubts))
        return spellings[:MAX_SPELLINGS]

    def _suffix(self, tokens: tuple[str, ...], unit: UnitReading) -> tuple[int, tuple[str, ...]]:
        """Where the specimen at the end of a label begins, and its systems: « Zinc sg », « K U 24 »."""
        for length in range(min(3, len(tokens) - 1), 0, -1):
            key = key_of(tokens[-length:])
            # What the lexicon reads as something else (SG, a density) is a specimen at the end of another name.
            values = self.suffixes.values.get(key) or (
                self.gatherer.label_specimens.values.get(key) if key in ABBREVIATED else None
            )
            if values is None:
                continue
            start = len(tokens) - length
            if any(not hit.values[0].is_modifier and hit.values[0].tokens for hit in self._hits(tokens[:start], unit)):
                return start, tuple(system for systems in values for system in systems)
        return len(tokens), ()

    def _read(
        self,
        test: LocalTest,
        label: str,
        tokens: tuple[str, ...],
        unit: UnitReading,
        prior: float,
        doubts: tuple[Doubt, ...],
    ) -> list[Reading]:
        end, suffix_systems = self._suffix(tokens, unit)
        hits, choices = self._chosen(self._hits(tokens[:end], unit), test, unit, tokens)
        taken = {position for hit in hits for position in range(hit.start, hit.end)}
        free = [position for position in range(len(tokens)) if position not in taken]
        cues = self.gatherer.cues(tokens, free)
        also = self._methods_of(hits, tokens)
        if also:
            cues = replace(cues, methods=unique([*cues.methods, *also]))
        if suffix_systems:
            cues = replace(
                cues, systems=unique([*suffix_systems, *cues.systems]), used=cues.used | set(range(end, len(tokens)))
            )
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
        unknown = tuple(
            Doubt(Axis.COMPONENT, word_is_unknown, word)
            for word in leftover
            if len(word) >= LONG and word.isalpha() and word not in self.known
        )
        readings: list[Reading] = []
        for combination in best_products(choices, MAX_READINGS):
            senses = without_context_panels([sense for sense, _ in combination])
            score = prior + sum(weight for _, weight in combination) - time_conflict(senses, cues.challenges)
            facts = self.gatherer.facts(test, unit, cues, senses, tokens, self._systems_of_exam(test.exam))
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
            if not analytes:
                # Alone, what is otherwise a technique is what is asked for: « Coloration de Gram ».
                analytes = unique(sense.analyte for sense in named if sense.entry.kind == "method")
            organisms = tuple(sense.analyte for sense in named if sense.is_organism)
            less_usual = self._less_usual(hits, senses, test, unit, tokens)
            found = (*doubts, *unknown, *_doubts(senses, facts, spans), *less_usual)
            reading = Reading(wanted, leftover, analytes, organisms, facts, score, spans, found)
            readings.append(reading)
            ratio = as_ratio(reading, named, label, unit)
            if ratio is not None:
                readings.append(ratio)
        return readings

    def _systems_of_exam(self, exam: str) -> tuple[str, ...]:
        """The specimens that the name of an exam tells: its words for them, else what it always is."""
        if not exam.strip():
            return ()
        found = self._exams.get(exam)
        if found is None:
            told = [self._systems_told(words(part)) for part in exam.split(" / ")]
            # An analysis of several exams is in the specimen that all of them say, or in none that they tell.
            shared = (system for system in told[0] if all(system in other for other in told))
            found = self._exams[exam] = tuple(shared)
        return found

    def _systems_told(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        named = [s for hit in self.gatherer.label_specimens.scan(tokens) for value in hit.values for s in value]
        implied = [system for hit in self.lexicon.scan(tokens) for system in hit.values[0].entry.system]
        return unique(named or implied)

    def _hits(self, tokens: tuple[str, ...], unit: UnitReading) -> list[Hit[Sense]]:
        """The lexicon's hits; a measured row cannot be the panel "NFS plaquettes", so its parts are read instead."""
        hits: list[Hit[Sense]] = []
        for hit in self.lexicon.scan(tokens):
            if unit.is_known and hit.end - hit.start > 1 and all(sense.entry.kind == "panel" for sense in hit.values):
                inner = self.lexicon.scan(tokens[hit.start + 1 : hit.end])
                hits.extend(Hit(hit.start + 1 + part.start, hit.start + 1 + part.end, part.values) for part in inner)
            else:
                hits.append(hit)
        named = [hit for hit in hits if not hit.values[0].is_modifier]
        methods = [hit for hit in named if self._is_also_a_method(hit, tokens)]
        if len(named) > len(methods):
            # What is also a technique is one beside an analyte: « PCR N. meningitidis » measures no protein.
            hits = [hit for hit in hits if hit not in methods]
        if len(hits) > 1:
            # A letter beside an analyte qualifies it (bili D, coombs D): it is no analyte of its own.
            hits = [hit for hit in hits if len("".join(tokens[hit.start : hit.end])) > 1]
        return self._with_names(tokens, hits)

    def _is_also_a_method(self, hit: Hit[Sense], tokens: tuple[str, ...]) -> bool:
        """Whether an abbreviation of an analyte is that of a technique too."""
        is_short = all(sense.entry.kind == "abbreviation" for sense in hit.values)
        return is_short and key_of(tokens[hit.start : hit.end]) in self._methods

    def _methods_of(self, hits: list[Hit[Sense]], tokens: tuple[str, ...]) -> list[str]:
        """The techniques that names beside the analyte's are too: « VS (Westergren) »."""
        named = [hit for hit in hits if not hit.values[0].is_modifier]
        if len(named) < 2:
            return []
        found = (self.gatherer.label_techniques.values.get(key_of(tokens[hit.start : hit.end]), ()) for hit in named)
        return [method for values in found for methods in values for method in methods]

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

    def _less_usual(
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

    def _chosen(
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


def _doubts(senses: list[Sense], facts: Facts, spans: tuple[tuple[str, str], ...]) -> tuple[Doubt, ...]:
    """What a reading rests on that nothing settles."""
    doubts = [
        Doubt(Axis.COMPONENT, writing_is_unsettled, sense.entry.expression, sense.component)
        for sense in senses
        if sense.entry.is_doubtful and sense.component
    ]
    if facts.other_systems:
        local, column = ", ".join(facts.systems[:3]), ", ".join(facts.other_systems[:3])
        doubts.append(Doubt(Axis.SYSTEM, label_against_column, local, column, Verdict.CONTRADICT))
    if len(spans) == 1 and len(spans[0][0].replace(" ", "")) <= SHORT and not _is_supported_by(facts):
        doubts.append(Doubt(Axis.COMPONENT, short_name_alone, *spans[0]))
    return tuple(doubts)


def _repaired(written: str, mended: Mended) -> Doubt:
    rule = word_is_cut if mended.repair is Repair.CUT else word_is_repaired
    return Doubt(Axis.COMPONENT, rule, written, mended.word)


def _read_again(test: LocalTest) -> LocalTest:
    """The row with what a transfer mangled read again."""
    texts: dict[str, Any] = {name: getattr(test, name) for name in _MANGLED}
    again: dict[str, Any] = {name: unmangled(text) for name, text in texts.items()}
    return test if again == texts else replace(test, **again)


_MANGLED = ("label", "synonym", "specimen", "unit", "technique", "chapter", "exam", "timing", "scale")


def _is_supported_by(facts: Facts) -> bool:
    return facts.unit.is_known or bool(facts.classes)


ABBREVIATED = frozenset({"sg"})
"""Abbreviations of a specimen that stand anywhere in a label, and that the lexicon also reads as something else."""
SHORT = 3
LONG = 4
"""From how many letters on an unknown word is a word, and not a mark of the laboratory's own."""
