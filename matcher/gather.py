"""Gathering what a row says beside its analyte: specimen, time, technique, scale, chapter, unit."""

import re
from itertools import combinations

from matcher.evidence.system import ANY_FLUID, BLOODS, FAMILIES, ISOLATE, NAMED_FLUIDS, UNSPECIFIED, stand_near
from matcher.facts import SEEN, Cues, Facts
from matcher.lexicon import Sense
from matcher.normalise.phrases import Mender, PhraseTable
from matcher.normalise.text import fold, words
from matcher.normalise.units import UnitReading, unit_key, unit_table
from matcher.senses import common, nature_of_row, runs, unique
from matcher.types import LocalTest, Tables

_DAY_RATE = re.compile(r"/\(?(?:24\.?h|24heures?|d|j|jour|jr|24hr?s?|day)\)?$")
# A count per field is a microscopy; French laboratories count at high power unless they say otherwise.
_FIELD_METHODS = (
    ("Microscopy high power field", "Microscopy.light.HPF"),
    ("Microscopy low power field", "Microscopy.light.LPF"),
)
_SUSCEPTIBILITY_METHODS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("length",): ("Agar diffusion",),
    ("mass_conc",): ("MIC",),
}
SHORT_SPECIMENS = {
    "liq": "liquide", "lq": "liquide", "liqu": "liquide", "ecouv": "ecouvillon", "ecouvil": "ecouvillon",
    "pvt": "prelevement", "prel": "prelevement", "prelev": "prelevement", "aspi": "aspiration", "asp": "aspiration",
}  # fmt: skip
"""What laboratories write for the word that a specimen's name begins with: LIQ PLEURAL."""
ARTERIAL = "sa"
"""« SA » alone in the column of specimens is arterial blood; anywhere else it is a French word that says nothing."""
PRECISE = 2
"""« Sérum » and « Écouvillon nasal » are one or two LOINC systems; « Sang » is six, and the analyte says which."""
ANY_SPECIMEN = "XXX"
GRAMS_IN_PERCENT = frozenset({"Erythrocyte mean corpuscular hemoglobin concentration"})
"""Analytes whose percent is grams in 100 mL, as laboratories went on writing."""
_CONTROL = frozenset("temoin control controle donneur donor foetu fetal foetal fetus pool".split())
_PATIENT = frozenset("malade patient melange".split())
"""What stands beside the control when both are measured or mixed."""
_AMERICAN_UNIT = re.compile(r"^(?:[km]/u?l|#/ul|10[*^]?[36]/u?l|x?10e?[36]/ul|thou/ul|mill?/ul|10\*\*[36]/ul)$")
_CYTOLOGY = frozenset({"ecbu", "cytobacteriologique"})
_SEVERAL = re.compile(r"[|;,]| ou | et ")
_AMERICAN_WORDS = frozenset("blood swab hematology chemistry fluid urine-- whole".split())


class Gatherer:
    """Reads the columns of a row, and the words of its label that the lexicon left, with the tables it was given."""

    def __init__(self, tables: Tables) -> None:
        self.units = unit_table(tables.units)
        self.specimens = PhraseTable((text, systems) for text, systems in tables.specimens)
        self.label_specimens = PhraseTable((text, systems) for text, systems in tables.label_specimens)
        self.techniques = PhraseTable((text, methods) for text, methods in tables.techniques)
        self.label_techniques = PhraseTable((text, methods) for text, methods in tables.label_techniques)
        self.timing = PhraseTable((text, (times, challenges)) for text, times, challenges in tables.timing)
        self.scales = PhraseTable((text, scales) for text, scales in tables.scales)
        self.properties = PhraseTable((text, properties) for text, properties in tables.properties)
        self.chapters = PhraseTable((text, (classes, systems)) for text, classes, systems in tables.chapters)
        self.mender = Mender({})
        self._chapters: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._specimens: dict[str, tuple[str, ...]] = {}
        self._named_times: dict[str, tuple[str, ...]] = {}
        self._told: dict[str, bool] = {}

    def cues(self, tokens: tuple[str, ...], free: list[int]) -> Cues:
        """Scan the words that the lexicon left for specimen, time, technique and scale."""
        systems: list[str] = []
        times: list[str] = []
        challenges: list[str] = []
        methods: list[str] = []
        scales: list[str] = []
        used: set[int] = set()
        for run in runs(free):
            part = tokens[run[0] : run[-1] + 1]
            for hit in self.timing.scan(part):
                for hit_times, hit_challenges in hit.values:
                    times.extend(hit_times)
                    challenges.extend(hit_challenges)
                used.update(range(run[0] + hit.start, run[0] + hit.end))
            for table, target in (
                (self.label_specimens, systems),
                (self.label_techniques, methods),
                (self.scales, scales),
            ):
                for other in table.scan(part):
                    for values in other.values:
                        target.extend(values)
                    used.update(range(run[0] + other.start, run[0] + other.end))
        return Cues(
            unique(systems),
            unique(times),
            unique(challenges),
            unique(methods),
            unique(scales),
            frozenset(used),
        )

    def facts(
        self,
        test: LocalTest,
        unit: UnitReading,
        cues: Cues,
        senses: list[Sense],
        tokens: tuple[str, ...],
        exam_systems: tuple[str, ...] = (),
    ) -> Facts:
        """What a row says on every axis but the component; `exam_systems` are the specimens of its exam."""
        unit = _in_this_use(unit, senses)
        implied_systems = unique(system for sense in senses for system in sense.entry.system)
        named_systems = unique(system for sense in senses if sense.names_specimen for system in sense.entry.system)
        named_there = _named_fluid_first(unique([*cues.systems, *named_systems]))
        systems = self._systems(test, named_there, implied_systems)
        if exam_systems and not named_there and not test.specimen.strip():
            # The leucocytes of an « ECBU » are those of urine; what the analyte implies only chooses among them.
            systems = tuple(system for system in implied_systems if system in exam_systems) or exam_systems
        classes, class_systems = self._chapter(test.chapter)
        methods = self._methods(test, cues, senses)
        nature = nature_of_row(test, senses, methods, classes, tokens, systems)
        if nature == "susc":
            # A diameter is measured in millimetres, a minimum inhibitory concentration in mg/L.
            methods = unique([*_SUSCEPTIBILITY_METHODS.get(unit.dimensions, ()), *methods])
        if unit.dimensions == ("per_field",):
            methods = unique([*_FIELD_METHODS["[lpf]" in "".join(unit.ucum).lower()], *methods])
        times = self._times(test, unit, cues, senses)
        scales, scales_from = self._scale(test, unit, cues, senses)
        properties = common([sense.entry.property for sense in senses if sense.entry.property])
        named_challenges = tuple(sense.challenge for sense in senses if sense.challenge and sense.tokens)
        challenges = unique(named_challenges or [*(sense.challenge for sense in senses), *cues.challenges])
        return Facts(
            unit=unit,
            systems=systems,
            is_of_isolate=any(s.entry.kind == "analyte" and s.entry.system[:1] == (ISOLATE,) for s in senses),
            other_systems=self._other_systems(test, named_there),
            further_systems=() if named_there else self._further_systems(test.specimen, systems),
            times=times,
            scales=scales,
            scales_from=scales_from,
            methods=methods,
            label_methods=methods if nature == "susc" else self._methods_in_label(cues, senses),
            is_american=_is_american(test),
            seems_qualitative=not unit.text.strip() and bool(test.specimen.strip()) and not scales,
            is_seen=(
                "MICRO" in classes
                and not (nature or methods or unit.is_known or BLOODS & set(systems[:1]) or "Urine" in systems)
                and any(sense.analyte in SEEN for sense in senses)
            ),
            is_cytology="Urine" in (systems or class_systems)
            and bool(_CYTOLOGY & {*words(test.chapter), *words(test.exam)}),
            is_control=bool(_CONTROL & set(tokens)) and not _PATIENT & set(tokens),
            names_analyte=any(
                sense.tokens and sense.entry.kind != "panel" and not sense.is_modifier for sense in senses
            ),
            label_scales=unique(
                [
                    *cues.scales,
                    *self._scales_of(test.results),
                    *(value for sense in senses if sense.is_modifier for value in sense.entry.scale),
                ]
            ),
            label_properties=unique(v for s in senses if s.is_modifier for v in s.entry.property),
            properties=properties,
            stated_properties=unique(value for values in self.properties.get(test.property_kind) for value in values),
            classes=classes,
            class_systems=class_systems,
            nature=nature,
            divisors=unique(sense.divisor for sense in senses if sense.divisor),
            challenges=challenges,
            level=test.level,
            parts=len(test.analyses),
        )

    def _systems(self, test: LocalTest, named: tuple[str, ...], implied: tuple[str, ...]) -> tuple[str, ...]:
        """A specimen named in the label outweighs the column; one merely implied by the analyte does not."""
        column = self.specimen(test.specimen)
        if named and not (column and set(named) <= UNSPECIFIED | {ANY_FLUID}):
            # « Liquide » in a label says less than a column that names one.
            # "Urée plasmatique" filed under urine is the plasma half of a clearance.
            return tuple(system for system in named if system in column) or named
        if both := _both_sides(implied, column):
            return both
        if 0 < len(column) <= PRECISE:
            # A specimen that has a name is meant, whatever the analyte is usually sought in.
            return column
        return tuple(system for system in implied if system in column) or column or implied

    def _other_systems(self, test: LocalTest, named: tuple[str, ...]) -> tuple[str, ...]:
        """The specimens of the column, when the label names none of them nor of their families."""
        column = self.specimen(test.specimen)
        if not named or not column or set(named) & set(column):
            return ()
        stand_near = any(set(named) & family and set(column) & family for family in FAMILIES)
        is_open = (set(named) | set(column)) & UNSPECIFIED
        return () if stand_near or is_open else column

    def specimen(self, text: str) -> tuple[str, ...]:
        found = self._specimens.get(text)
        if found is None:
            found = self._specimens[text] = self._read_specimen(text)
        return found

    def _read_specimen(self, text: str) -> tuple[str, ...]:
        if not text.strip():
            return ()
        parts = [self._read_one_specimen(part) for part in _SEVERAL.split(text)]
        systems = unique(system for part in parts for system in part)
        told = [part for part in parts if part]
        if any(not stand_near(one[:PRECISE], other[:PRECISE]) for one, other in combinations(told, 2)):
            # A vaginal swab or urine: the row is done on either, and only an unspecified specimen is both.
            return unique([ANY_SPECIMEN, *systems])
        return systems

    def _further_systems(self, text: str, systems: tuple[str, ...]) -> tuple[str, ...]:
        """The specimens that a column accepts after the one that it names first: « Sang total|Plasma »."""
        first = self.specimen(_SEVERAL.split(text, 1)[0])
        return tuple(system for system in systems if system not in first) if first else ()

    def _read_one_specimen(self, text: str) -> tuple[str, ...]:
        whole = self.specimens.get("sang artériel" if fold(text) == ARTERIAL else text)
        if whole:
            return unique(system for values in whole for system in values)
        written = [SHORT_SPECIMENS.get(token, token) for token in words(text)]
        tokens = tuple(token if token in self.specimens.values else self.mender.mend(token) for token in written)
        for table in (self.specimens, self.label_specimens):
            hits = table.scan(tokens)
            read = [unique(system for values in hit.values for system in values) for hit in hits]
            # « Specimen », « prélèvement » beside a name add nothing to it.
            named = [systems for systems in read if set(systems) - UNSPECIFIED]
            if read:
                return unique(system for systems in named or read for system in systems)
        return ()

    def techniques_of(self, text: str) -> tuple[str, ...]:
        """The methods that the column of techniques names."""
        if not text.strip():
            return ()
        whole = self.techniques.get(text)
        if whole:
            return unique(method for values in whole for method in values)
        return unique(method for hit in self.techniques.scan(words(text)) for values in hit.values for method in values)

    def _methods(self, test: LocalTest, cues: Cues, senses: list[Sense]) -> tuple[str, ...]:
        """The techniques that the row names; only where it names none, those that its analyte implies."""
        named = (m for s in senses if s.entry.kind == "method" and not s.component for m in s.entry.method)
        said = unique([*self.techniques_of(test.technique), *cues.methods, *named])
        return said or unique(method for sense in senses for method in sense.entry.method)

    def _methods_in_label(self, cues: Cues, senses: list[Sense]) -> tuple[str, ...]:
        """The techniques that words of the label name, alone or inside the name of an analyte (« LDL calculé »)."""
        named = (
            method
            for sense in senses
            if sense.entry.method and self._names_a_technique(sense)
            for method in sense.entry.method
        )
        return unique([*cues.methods, *named])

    def _names_a_technique(self, sense: Sense) -> bool:
        if sense.entry.kind == "method":
            return True
        told = self._told.get(sense.entry.expression)
        if told is None:
            found = self.label_techniques.scan(words(sense.entry.expression))
            told = self._told[sense.entry.expression] = bool(found)
        return told

    def _times(self, test: LocalTest, unit: UnitReading, cues: Cues, senses: list[Sense]) -> tuple[str, ...]:
        if test.timing.strip():
            found = self.timing.get(test.timing)
            times = unique(time for hit_times, _ in found for time in hit_times)
            if times:
                return times
        # A time that the label says outweighs the one of the unit: their contradiction must stay visible.
        times = unique([*cues.times, *(time for sense in senses for time in sense.entry.time)])
        if times:
            return times
        if _DAY_RATE.search(unit_key(unit.text)):
            return ("24H",)
        return self._times_named(test.specimen) or self._times_named(test.chapter)

    def _times_named(self, text: str) -> tuple[str, ...]:
        """The times that a specimen or a chapter names: « Urines de 24 heures »."""
        found = self._named_times.get(text)
        if found is None:
            hits = self.timing.scan(words(text))
            found = unique(time for hit in hits for times, _ in hit.values for time in times)
            self._named_times[text] = found
        return found

    def _scale(
        self, test: LocalTest, unit: UnitReading, cues: Cues, senses: list[Sense]
    ) -> tuple[tuple[str, ...], str]:
        if test.scale.strip():
            found = unique(scale for values in self.scales.get(test.scale) for scale in values)
            if found:
                return found, "échelle"
        if unit.is_known:
            return (("Qn", "SemiQn", "Ord") if unit.dimensions == ("titre",) else ("Qn", "OrdQn", "SemiQn")), "unité"
        found = self._scales_of(test.results)
        if found:
            return found, "résultats"
        found = unique([*cues.scales, *(scale for sense in senses for scale in sense.entry.scale)])
        return found, "libellé" if found else ""

    def _scales_of(self, results: str) -> tuple[str, ...]:
        """The scales of examples of results: « Négatif ; Positif »."""
        if not results.strip():
            return ()
        return unique(scale for hit in self.scales.scan(words(results)) for values in hit.values for scale in values)

    def _chapter(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        known = self._chapters.get(text)
        if known is None:
            values = self.chapters.get(text) or tuple(
                value for hit in self.chapters.scan(words(text)) for value in hit.values
            )
            known = (
                unique(c for classes, _ in values for c in classes),
                unique(s for _, systems in values for s in systems),
            )
            self._chapters[text] = known
        return known


def _in_this_use(unit: UnitReading, senses: list[Sense]) -> UnitReading:
    """A unit as it is meant with this analyte: the percent of a mean corpuscular concentration is a mass in 100 mL."""
    if unit.dimensions != ("percent",) or not any(sense.component in GRAMS_IN_PERCENT for sense in senses):
        return unit
    return UnitReading(f"{unit.text} (g/dL)", ("g/dL",), ("mass_conc",))


def _named_fluid_first(systems: tuple[str, ...]) -> tuple[str, ...]:
    """« Liquide céphalo-rachidien » names a fluid: that « liquide » alone would be any fluid no longer counts."""
    if ANY_FLUID in systems and NAMED_FLUIDS & set(systems):
        return tuple(system for system in systems if system not in UNSPECIFIED | {ANY_FLUID})
    return systems


def _both_sides(implied: tuple[str, ...], column: tuple[str, ...]) -> tuple[str, ...]:
    """A clearance is measured in urine and in serum: a column that names one of them says nothing against the other."""
    for system in implied:
        sides = system.split("+")
        if len(sides) > 1 and set(sides) & set(column):
            return unique([*column, system, *sides])
    return ()


def _is_american(test: LocalTest) -> bool:
    if _AMERICAN_UNIT.match(unit_key(test.unit)):
        return True
    return bool(_AMERICAN_WORDS & {*fold(test.specimen).replace("|", " ").split(), *fold(test.chapter).split()})
