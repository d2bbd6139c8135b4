"""From a catalogue row to a partial LOINC name: the competing readings of its label."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from matcher.context import Context
from matcher.evidence.doubt import (
    Doubt,
    label_against_column,
    range_says_otherwise,
    short_name_alone,
    word_is_unknown,
    writing_is_unsettled,
)
from matcher.facts import GENERIC, OF_AN_EXAM, Facts, Parsed, Reading
from matcher.gather import Gatherer
from matcher.glued import Glued
from matcher.lexicon import NO_SENSE, CompiledLexicon, Sense, compile_lexicon, counted_words, sense_of_name
from matcher.normalise.phrases import Hit, Mender, PhraseTable
from matcher.normalise.text import fold, key_of, words
from matcher.normalise.units import UnitReading
from matcher.senses import (
    as_ratio,
    best_products,
    is_general,
    is_short,
    outside_chapter,
    qualified,
    sought_in_chapter,
    time_conflict,
    unique,
    unit_words,
    without_context_panels,
)
from matcher.spellings import Spellings, read_again
from matcher.types import Axis, LocalTest, Tables, Verdict

MAX_READINGS = 8
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,24})[)\]]")
_HALVES = re.compile(r"[(\[]([^()\[\]]{4,60})[)\]]")
_AFTER_FIGURES = re.compile(r"\d(?=\s*([^\s\d;,()<>][^;,()<>]*))")
_EXAM_FIRST = re.compile(r"\s*[^\W\d_]+(?:\s+[-–]\s+|\s*:\s*)[^\W\d_]+\s*$")
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
        # A word of a specimen, a technique, a time or a scale is known: it is not a misspelt analyte.
        beside = (tables.label_specimens, tables.label_techniques, tables.timing, tables.scales)
        counts.update(word for table in beside for row in table for word in words(row[0]))
        self.known = frozenset(counts)
        self.mender = self.gatherer.mender = Mender(counts)
        self.spellings = Spellings(self.known, self.mender, Glued(tables.glued_words, self.lexicon))
        self.context = Context(self.gatherer)
        self._methods = frozenset(self.gatherer.label_techniques.values)
        # What is read wherever it stands: a phrase loses nothing when it begins after it.
        self._idle = GENERIC | self._methods | self.gatherer.label_specimens.values.keys()
        self.suffixes = PhraseTable((text, systems) for text, systems in tables.suffix_specimens)

    def parse(self, test: LocalTest) -> Parsed:
        """Understand a row; never fails, whatever the text."""
        test = read_again(test)
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
            # « Leucocytes », synonym « ECB gorge »: an exam named beside an analyte is where it is found.
            readings += [item for item in others if not (named and is_general(item))]
        if not any(reading.analytes for reading in readings) and test.code and not test.code.isdigit():
            readings += [item for item in self._readings(test, test.code, unit, -0.2) if item.analytes]
        if COLONIES in "".join(unit.ucum) and not any(reading.analytes for reading in readings):
            # « Numération », en UFC/mL: the unit alone says that colonies are counted.
            readings += self._readings(test, f"UFC {label}", unit, -0.1)
        if test.exam and OF_AN_EXAM.issuperset(words(label)):
            # « IgG » under « Sérologie toxoplasmose » names what its exam is about, and no immunoglobulin.
            within = [item for item in self._readings(test, f"{test.exam} {label}", unit, 0.0) if item.analytes]
            readings = within or readings
        if test.exam and not any(reading.analytes for reading in readings):
            readings += self._readings(test, f"{test.exam} {label}", unit, -0.1)
        readings.sort(key=lambda reading: -reading.prior)
        beside = self.units.read(self._unit_of_range(test.reference_range)) if test.unit.strip() else unit
        if unit.is_known and beside.is_known and not set(unit.dimensions) & set(beside.dimensions):
            doubt = Doubt(Axis.UNIT, range_says_otherwise, unit.text, beside.text)
            readings = [replace(reading, doubts=(*reading.doubts, doubt)) for reading in readings]
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
        return outside[:2] + [replace(item, instead=(*item.instead, *outside[0].analytes)) for item in inside[:2]]

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
        for rank, (text, tokens, doubts) in enumerate(self.spellings.texts(label, unit.is_known)):
            readings += self._read(test, text, tokens, unit, prior - 0.06 * rank, doubts)
        return readings

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
        hits, choices = self.context.chosen(self._hits(tokens[:end], unit, label), test, unit, tokens)
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
        # A label that repeats its unit, or the first half of it, says nothing new: « Cholestérol total mmol ».
        repeated = {word for word in words(unit.text) if len(word) > 1} if unit.is_known else set()
        leftover = tuple(
            tokens[position]
            for position in free
            if position not in cues.used
            and tokens[position] not in GENERIC
            and tokens[position] not in repeated
            and tokens[position] != "%"
        )
        unknown = tuple(
            Doubt(Axis.COMPONENT, word_is_unknown, word)
            for word in leftover
            if len(word) >= LONG and word.isalpha() and word not in self.known
        )
        readings: list[Reading] = []
        techniques = (*self.gatherer.techniques_of(test.technique), *cues.methods)
        for combination in best_products(choices, MAX_READINGS):
            senses = without_context_panels([sense for sense, _ in combination])
            score = prior + sum(weight for _, weight in combination) - time_conflict(senses, cues.challenges)
            score -= outside_chapter(senses, test.chapter, techniques)
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
            less_usual = self.context.less_usual(hits, senses, test, unit, tokens)
            found = (*doubts, *unknown, *_doubts(senses, facts, spans), *less_usual)
            instead = unique(sense.instead for sense in named if not sense.is_modifier)
            reading = Reading(wanted, leftover, analytes, organisms, facts, score, spans, instead, found)
            readings.extend([reading, *sought_in_chapter(reading)])
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

    def _hits(self, tokens: tuple[str, ...], unit: UnitReading, label: str = "") -> list[Hit[Sense]]:
        """The lexicon's hits; a measured row cannot be the panel "NFS plaquettes", so its parts are read instead.

        Neither can « NFS - Plaquettes » or « NFS : plaquettes », where the exam only says where the analyte is found.
        """
        hits: list[Hit[Sense]] = []
        is_part = unit.is_known or _EXAM_FIRST.match(label) is not None
        for hit in self.lexicon.scan(tokens, self._idle):
            if is_part and hit.end - hit.start > 1 and all(sense.entry.kind == "panel" for sense in hit.values):
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


def _is_supported_by(facts: Facts) -> bool:
    return facts.unit.is_known or bool(facts.classes)


ABBREVIATED = frozenset({"sg"})
"""Abbreviations of a specimen that stand anywhere in a label, and that the lexicon also reads as something else."""
COLONIES = "[CFU]"
SHORT = 3
LONG = 4
"""From how many letters on an unknown word is a word, and not a mark of the laboratory's own."""
