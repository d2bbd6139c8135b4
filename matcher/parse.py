"""From a catalogue row to a partial LOINC name: what the row says on each axis, and its competing readings."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

from matcher.lexicon import NO_SENSE, Sense, compile_lexicon, sense_of_name
from matcher.normalise.phrases import Hit, Mender, PhraseTable
from matcher.normalise.text import fold, key_of, words
from matcher.normalise.units import UnitReading, UnitTable, unit_key
from matcher.types import LocalTest, Tables

MAX_READINGS = 8
_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,24})[)\]]")
_HALVES = re.compile(r"[(\[]([^()\[\]]{4,60})[)\]]")
_TRAILING = re.compile(r"(?:^|\s|:|en )([^\s()]*[/%][^\s()]*)\s*$")
_DAY_RATE = re.compile(r"/\(?(?:24\.?h|24heures?|d|j|jour|jr|24hr?s?|day)\)?$")

# Words that say nothing of the analyte.
GENERIC = frozenset(
    "dosage taux mesure recherche nombre numeration determination test resultat valeur analyse examen total "
    "quantitatif qualitatif technique methode autre exploration evaluation concentration activite teneur etude "
    "value level measurement result count blood sang type nb compte".split()
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the row says on the axes other than component; empty tuples and texts mean that it says nothing."""

    unit: UnitReading
    systems: tuple[str, ...] = ()
    systems_from: str = ""
    times: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    scales_from: str = ""
    methods: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    class_systems: tuple[str, ...] = ()
    nature: str = ""
    divisors: tuple[str, ...] = ()
    challenges: tuple[str, ...] = ()
    level: str = "analysis"
    is_american: bool = False
    """Written in the American manner, where blood counts mean an automated count."""
    seems_qualitative: bool = False
    """A specimen is given but no unit: more often a search than a measurement."""
    names_analyte: bool = False
    """The label names something measured, so a panel cannot be what is meant."""
    is_control: bool = False
    """The row is about a control, a donor or a foetus, not about the patient."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the label: LOINC words wanted, words left over, and what is implied elsewhere."""

    wanted: tuple[str, ...]
    leftover: tuple[str, ...]
    analytes: tuple[str, ...]
    organisms: tuple[str, ...]
    facts: Facts
    prior: float
    spans: tuple[tuple[str, str], ...] = ()
    """(words of the label, LOINC component they stand for)."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row understood."""

    test: LocalTest
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Cues:
    """What the words outside the lexicon reveal."""

    systems: tuple[str, ...]
    times: tuple[str, ...]
    challenges: tuple[str, ...]
    methods: tuple[str, ...]
    scales: tuple[str, ...]
    used: frozenset[int]


class Parser:
    """Reads rows with the tables it was given."""

    def __init__(self, tables: Tables, vocabulary: frozenset[str], names: Mapping[str, str] | None = None) -> None:
        """`vocabulary` and `names` (joined words → analyte) come from the release's index."""
        self._names = names or {}
        self._named: dict[str, Sense] = {}
        self.units = UnitTable(tables.units)
        self.specimens = PhraseTable((text, systems) for text, systems in tables.specimens)
        self.label_specimens = PhraseTable((text, systems) for text, systems in tables.label_specimens)
        self.lexicon: PhraseTable[Sense] = compile_lexicon(tables.lexicon, self.label_specimens)
        self.techniques = PhraseTable((text, methods) for text, methods in tables.techniques)
        self.label_techniques = PhraseTable((text, methods) for text, methods in tables.label_techniques)
        self.timing = PhraseTable((text, (times, challenges)) for text, times, challenges in tables.timing)
        self.scales = PhraseTable((text, scales) for text, scales in tables.scales)
        self.chapters = PhraseTable((text, (classes, systems)) for text, classes, systems in tables.chapters)
        self.vocabulary = vocabulary
        counts = Counter(word for entry in tables.lexicon for word in words(entry.expression))
        counts.update(vocabulary)
        self.known = frozenset(counts)
        self.mender = Mender(counts)
        self._chapters: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._specimens: dict[str, tuple[str, ...]] = {}

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
        cues = self._cues(tokens, free)
        choices = [self._senses(hit, test, unit, tokens) for hit in hits]
        if sum(not hit.values[0].is_modifier for hit in hits) > 1:
            choices = [
                [*senses, (NO_SENSE, -0.3)] if _is_short(hit) and len(tokens[hit.start]) <= 4 else senses
                for hit, senses in zip(hits, choices, strict=True)
            ]
        leftover = tuple(
            tokens[position]
            for position in free
            if position not in cues.used and tokens[position] not in GENERIC and tokens[position] != "%"
        )
        readings: list[Reading] = []
        for combination in _best_products(choices, MAX_READINGS):
            senses = _without_context_panels([sense for sense, _ in combination])
            score = prior + sum(weight for _, weight in combination) - _time_conflict(senses, cues.challenges)
            facts = self._facts(test, unit, cues, senses, tokens)
            named = _qualified([sense for sense in senses if sense.tokens])
            spans = tuple(
                (" ".join(tokens[hit.start : hit.end]), sense.component)
                for hit, sense in zip(hits, senses, strict=True)
                if sense.component
            )
            wanted = tuple(dict.fromkeys([*(token for sense in named for token in sense.tokens), *_unit_words(unit.text)]))
            analytes = tuple(dict.fromkeys(sense.analyte for sense in named if not sense.is_modifier and sense.analyte))
            organisms = tuple(sense.analyte for sense in named if sense.is_organism)
            reading = Reading(wanted, leftover, analytes, organisms, facts, score, spans)
            readings.append(reading)
            ratio = _as_ratio(reading, named, label, unit)
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
                if unit.text and (unit_key(value) == unit_key(unit.text) or set(wanted.dimensions) & set(unit.dimensions)):
                    return True
            elif key == "milieu":
                if test.specimen and (
                    fold(value) in fold(test.specimen) or set(self._specimen(value)[:2]) & set(self._specimen(test.specimen)[:2])
                ):
                    return True
            elif key == "chapitre":
                if test.chapter and fold(value)[:7] in fold(test.chapter):
                    return True
            elif key == "label" and set(words(value)) <= set(tokens):
                return True
        return False

    def _cues(self, tokens: tuple[str, ...], free: list[int]) -> _Cues:
        """Scan the words that the lexicon left for specimen, time, technique and scale."""
        systems: list[str] = []
        times: list[str] = []
        challenges: list[str] = []
        methods: list[str] = []
        scales: list[str] = []
        used: set[int] = set()
        for run in _runs(free):
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
        return _Cues(_unique(systems), _unique(times), _unique(challenges), _unique(methods), _unique(scales), frozenset(used))

    def _facts(
        self, test: LocalTest, unit: UnitReading, cues: _Cues, senses: list[Sense], tokens: tuple[str, ...]
    ) -> Facts:
        implied_systems = _unique(system for sense in senses for system in sense.entry.system)
        named_systems = _unique(system for sense in senses if sense.names_specimen for system in sense.entry.system)
        systems, systems_from = self._systems(test, _unique([*cues.systems, *named_systems]), implied_systems)
        classes, class_systems = self._chapter(test.chapter)
        methods = _unique([*self._techniques(test.technique), *cues.methods, *(m for s in senses for m in s.entry.method)])
        nature = nature_of_row(test, senses, methods, classes, tokens)
        if nature == "susc":
            # A diameter is measured in millimetres, a minimum inhibitory concentration in mg/L.
            by_unit = {("length",): ("Agar diffusion",), ("mass_conc",): ("MIC",)}
            methods = _unique([*by_unit.get(unit.dimensions, ()), *methods])
        if unit.dimensions == ("per_field",):
            methods = _unique([*_FIELD_METHODS["[lpf]" in "".join(unit.ucum).lower()], *methods])
        times = self._times(test, unit, cues, senses)
        scales, scales_from = self._scale(test, unit, cues, senses)
        properties = _common([sense.entry.property for sense in senses if sense.entry.property])
        named_challenges = tuple(sense.challenge for sense in senses if sense.challenge and sense.tokens)
        challenges = _unique(named_challenges or [*(sense.challenge for sense in senses), *cues.challenges])
        facts = Facts(
            unit=unit,
            systems=systems,
            systems_from=systems_from,
            times=times,
            scales=scales,
            scales_from=scales_from,
            methods=methods,
            is_american=_is_american(test),
            seems_qualitative=not unit.text.strip() and bool(test.specimen.strip()) and not scales,
            is_control=bool(_CONTROL & set(tokens)),
            names_analyte=any(sense.tokens and sense.entry.kind != "panel" and not sense.is_modifier for sense in senses),
            properties=properties,
            classes=classes,
            class_systems=class_systems,
            nature=nature,
            divisors=_unique(sense.divisor for sense in senses if sense.divisor),
            challenges=challenges,
            level=test.level,
        )
        return facts

    def _systems(self, test: LocalTest, named: tuple[str, ...], implied: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
        """A specimen named in the label outweighs the column; one merely implied by the analyte does not."""
        column = self._specimen(test.specimen)
        if named:
            # "Urée plasmatique" filed under urine is the plasma half of a clearance.
            common = tuple(system for system in named if system in column)
            return (common, "milieu et libellé") if common else (named, "libellé")
        said = implied
        if column and said:
            common = tuple(system for system in said if system in column)
            if common:
                return common, "milieu et libellé"
            return column, "milieu"
        if column:
            return column, "milieu"
        return said, "libellé" if said else ""

    def _specimen(self, text: str) -> tuple[str, ...]:
        found = self._specimens.get(text)
        if found is None:
            found = self._specimens[text] = self._read_specimen(text)
        return found

    def _read_specimen(self, text: str) -> tuple[str, ...]:
        if not text.strip():
            return ()
        systems: list[str] = []
        for part in re.split(r"[|;,]| ou | et ", text):
            whole = self.specimens.get(part)
            if whole:
                systems.extend(system for values in whole for system in values)
                continue
            tokens = tuple(token if token in self.specimens.values else self.mender.mend(token) for token in words(part))
            for table in (self.specimens, self.label_specimens):
                hits = table.scan(tokens)
                if hits:
                    systems.extend(system for hit in hits for values in hit.values for system in values)
                    break
        return _unique(systems)

    def _techniques(self, text: str) -> tuple[str, ...]:
        if not text.strip():
            return ()
        whole = self.techniques.get(text)
        if whole:
            return _unique(method for values in whole for method in values)
        return _unique(method for hit in self.techniques.scan(words(text)) for values in hit.values for method in values)

    def _times(self, test: LocalTest, unit: UnitReading, cues: _Cues, senses: list[Sense]) -> tuple[str, ...]:
        if test.timing.strip():
            found = self.timing.get(test.timing)
            times = _unique(time for hit_times, _ in found for time in hit_times)
            if times:
                return times
        if _DAY_RATE.search(unit_key(unit.text)):
            return ("24H",)
        times = _unique([*cues.times, *(time for sense in senses for time in sense.entry.time)])
        if times:
            return times
        in_specimen = _unique(
            time for hit in self.timing.scan(words(test.specimen)) for hit_times, _ in hit.values for time in hit_times
        )
        return in_specimen

    def _scale(
        self, test: LocalTest, unit: UnitReading, cues: _Cues, senses: list[Sense]
    ) -> tuple[tuple[str, ...], str]:
        if test.scale.strip():
            found = _unique(scale for values in self.scales.get(test.scale) for scale in values)
            if found:
                return found, "échelle"
        if unit.is_known:
            return (("Qn", "SemiQn", "Ord") if unit.dimensions == ("titre",) else ("Qn", "OrdQn", "SemiQn")), "unité"
        if test.results.strip():
            found = _unique(scale for hit in self.scales.scan(words(test.results)) for values in hit.values for scale in values)
            if found:
                return found, "résultats"
        found = _unique([*cues.scales, *(scale for sense in senses for scale in sense.entry.scale)])
        return found, "libellé" if found else ""

    def _chapter(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        known = self._chapters.get(text)
        if known is None:
            values = self.chapters.get(text) or tuple(
                value for hit in self.chapters.scan(words(text)) for value in hit.values
            )
            known = (_unique(c for classes, _ in values for c in classes), _unique(s for _, systems in values for s in systems))
            self._chapters[text] = known
        return known


AB_WORDS = frozenset("ab igg igm iga ige antibody".split())
NA_WORDS = frozenset("dna rna gene mutation".split())
SUSC_WORDS = frozenset("antibiogramme cmi sensibilite diametre diam inhibition susceptibility abg atb mic antifongigramme".split())
CULTURE_WORDS = frozenset("culture identification isolement germe cultured uroculture".split())
_IMMUNOLOGICAL = frozenset({"IA", "IA.rapid", "IF", "IB", "Aggl", "LA", "HA", "HAI", "Hemagglutination inhibition", "Line blot"})
_NUCLEIC_METHODS = ("Probe", "NAA", "Sequencing", "Molgen", "Molecular")


def nature_of_row(
    test: LocalTest,
    senses: list[Sense],
    methods: tuple[str, ...],
    classes: tuple[str, ...],
    tokens: tuple[str, ...],
) -> str:
    """What is measured of an organism or drug: ab, ag, na (nucleic acid), culture, susc, or empty when not said."""
    said = {token for sense in senses for token in sense.tokens}
    around = set(tokens) | set(words(test.synonym)) | set(words(test.chapter)) | set(words(test.exam))
    if any("Susc" in sense.entry.property and sense.is_modifier for sense in senses) or around & SUSC_WORDS:
        return "susc"
    if said & NA_WORDS:
        return "na"
    if said & AB_WORDS:
        return "ab"
    if "ag" in said:
        return "ag"
    if any(method.startswith(_NUCLEIC_METHODS) for method in methods):
        return "na"
    if set(tokens) & CULTURE_WORDS or any("ulture" in method for method in methods):
        return "culture"
    chapter = fold(test.chapter)
    is_molecular = "molecul" in chapter or "pcr" in chapter
    is_serology = "serolog" in chapter or "auto-imm" in chapter or "autoimm" in chapter
    if is_molecular != is_serology:
        return "na" if is_molecular else "ab"
    if any(sense.is_organism for sense in senses) and set(methods) & _IMMUNOLOGICAL:
        return "ab"
    return ""


# A count per field is a microscopy; French laboratories count at high power unless they say otherwise.
_FIELD_METHODS = (
    ("Microscopy high power field", "Microscopy.light.HPF"),
    ("Microscopy low power field", "Microscopy.light.LPF"),
)
_CONTROL = frozenset("temoin control controle donneur donor foetu fetal foetal fetus pool".split())
_AMERICAN_UNIT = re.compile(r"^(?:[km]/u?l|#/ul|10[*^]?[36]/u?l|x?10e?[36]/ul|thou/ul|mill?/ul|10\*\*[36]/ul)$")
_AMERICAN_WORDS = frozenset("blood serum swab hematology chemistry fluid urine-- whole".split())


def _is_american(test: LocalTest) -> bool:
    if _AMERICAN_UNIT.match(unit_key(test.unit)):
        return True
    return bool(_AMERICAN_WORDS & {*fold(test.specimen).replace("|", " ").split(), *fold(test.chapter).split()})


def _unit_words(unit: str) -> tuple[str, ...]:
    """Words of a unit that belong to the analyte: D-dimers in FEU or in DDU are two components."""
    folded = set(words(unit))
    return tuple(word for word in ("feu", "ddu") if word in folded or (word == "feu" and "ufe" in folded))


_DELAY = re.compile(r"^(\d+(?:\.\d+)?)(M|H)\b")


def _delay(challenge: str) -> float | None:
    """Minutes after the challenge (0 before it), when the challenge tells."""
    if challenge.startswith("pre "):
        return 0.0
    match = _DELAY.match(challenge)
    return float(match.group(1)) * (60.0 if match.group(2) == "H" else 1.0) if match else None


def _time_conflict(senses: list[Sense], said: tuple[str, ...]) -> float:
    """HGPO 75 g T120: among the points of the test, the one said is meant."""
    alone = [sense.challenge for sense in senses if sense.challenge and not sense.tokens]
    delays = {_delay(challenge) for challenge in (*said, *alone)} - {None}
    named = [_delay(sense.challenge) for sense in senses if sense.challenge and sense.tokens]
    return 0.5 if delays and any(delay is not None and delay not in delays for delay in named) else 0.0


_EXCLUDES_TOTAL = frozenset("direct indirect free bound ionized active".split())


def _qualified(senses: list[Sense]) -> list[Sense]:
    """A qualifier replaces "total": bilirubine (total) + directe is direct bilirubin."""
    said = {token for sense in senses if sense.is_modifier for token in sense.tokens}
    if not said & _EXCLUDES_TOTAL:
        return senses
    return [
        replace(sense, tokens=tuple(token for token in sense.tokens if token != "total"), analyte="")
        if "total" in sense.tokens and not sense.is_modifier
        else sense
        for sense in senses
    ]


def _common(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all lists hold, in the order of the first; everything when they hold nothing in common."""
    shared = tuple(value for value in (lists[0] if lists else ()) if all(value in other for other in lists))
    return shared or _unique(value for values in lists for value in values)


# What an examination looks for in general; beside a named organism it only tells the method.
_GENERAL_FINDINGS = frozenset({"bacteria identified", "microscopic observation", "virus identified", "fungus identified"})


def _without_context_panels(senses: list[Sense]) -> list[Sense]:
    """NFS Plaquettes, ECBU - cylindres: the exam only says where the analyte is found."""
    named = [sense for sense in senses if sense.tokens and not sense.is_modifier]
    has_analyte = any(sense.entry.kind != "panel" for sense in named)
    has_organism = any(sense.is_organism for sense in named)
    return [
        replace(sense, tokens=(), analyte="", component="")
        if (has_analyte and sense.entry.kind == "panel") or (has_organism and sense.analyte in _GENERAL_FINDINGS)
        else sense
        for sense in senses
    ]


_RATIO_WORDS = frozenset("rapport ratio index indice quotient".split())


def _as_ratio(reading: Reading, named: list[Sense], label: str, unit: UnitReading) -> Reading | None:
    """Protéines/créatinine: the second analyte divides the first, when the label or the unit says so."""
    analytes = [sense for sense in named if not sense.is_modifier and sense.component]
    if len(analytes) != 2 or analytes[0].divisor or analytes[1].divisor or analytes[0].component == analytes[1].component:
        return None
    if "/" not in label and not _RATIO_WORDS & set(words(label)) and not set(unit.dimensions) & _RATIO_DIMENSIONS:
        return None
    first, second = analytes
    others = [token for sense in named if sense.is_modifier for token in sense.tokens]
    facts = replace(reading.facts, divisors=(second.component,))
    return replace(
        reading,
        wanted=tuple(dict.fromkeys([*first.tokens, *others])),
        analytes=(first.analyte,),
        facts=facts,
        prior=reading.prior + 0.05,
    )


_RATIO_DIMENSIONS = frozenset({"ratio_mass_subst", "ratio_mass_mass", "ratio_subst_subst", "subst_mass", "cat_ratio"})


def _is_short(hit: Hit[Sense]) -> bool:
    """A short abbreviation met by chance in a long label: CAS GENERAL is not caspofungin."""
    return hit.end - hit.start == 1 and all(
        sense.entry.kind in _CHANCE_KINDS and not sense.is_modifier for sense in hit.values
    )


_CHANCE_KINDS = frozenset({"abbreviation", "allergen", "drug", "brand"})


def _unique(values: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))  # type: ignore[attr-defined]


def _runs(positions: list[int]) -> list[list[int]]:
    """Consecutive positions grouped: phrases never reach across a lexicon hit."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs


def _best_products(choices: list[list[tuple[Sense, float]]], limit: int) -> list[tuple[tuple[Sense, float], ...]]:
    """The combinations of one sense for each hit with the best total weight."""
    if not choices:
        return [()]
    shortened = choices
    while _size(shortened) > 512:
        longest = max(range(len(shortened)), key=lambda position: len(shortened[position]))
        shortened = [c[:-1] if position == longest else c for position, c in enumerate(shortened)]
    combinations = list(product(*shortened))
    combinations.sort(key=lambda combination: -sum(weight for _, weight in combination))
    return combinations[:limit]


def _size(choices: list[list[tuple[Sense, float]]]) -> int:
    size = 1
    for choice in choices:
        size *= len(choice)
    return size
