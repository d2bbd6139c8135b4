"""Choosing between the senses of a label's expressions: context, qualifiers, ratios, what is sought."""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from matcher.evidence.system import BLOODS
from matcher.facts import Reading
from matcher.lexicon import Sense
from matcher.normalise.phrases import Hit
from matcher.normalise.text import fold, words
from matcher.normalise.units import UnitReading
from matcher.types import LocalTest

AB_WORDS = frozenset("ab igg igm iga ige antibody".split())
NA_WORDS = frozenset("dna rna rrna mrna gene genes mutation".split())
SUSC_WORDS = frozenset(
    "antibiogramme cmi sensibilite diametre diam inhibition susceptibility abg atb mic antifongigramme".split()
)
CULTURE_WORDS = frozenset("culture identification isolement germe cultured uroculture".split())
_IMMUNOLOGICAL = frozenset(
    {"IA", "IA.rapid", "IF", "IB", "Aggl", "LA", "HA", "HAI", "Hemagglutination inhibition", "Line blot"}
)
_WHERE_ANTIBODIES_ARE = BLOODS | {"CSF", "XXX", "Body fld", "^Patient"}
_NUCLEIC_METHODS = ("Probe", "NAA", "Sequencing", "Molgen", "Molecular")


def nature_of_row(
    test: LocalTest,
    senses: list[Sense],
    methods: tuple[str, ...],
    classes: tuple[str, ...],
    tokens: tuple[str, ...],
    systems: tuple[str, ...] = (),
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
    if said_by_chapter := nature_of_chapter(test.chapter):
        return said_by_chapter
    if any(sense.is_organism for sense in senses):
        # A bare organism without specimen is a serology in a catalogue; with one, it is looked for in it.
        is_silent = not test.specimen.strip() and not methods and (not classes or "SERO" in classes)
        # In a serum nobody looks for the organism itself, unless a unit counts its copies.
        is_serum = systems[:1] == ("Ser",) and not methods and not test.unit.strip()
        is_immunological = bool(set(methods) & _IMMUNOLOGICAL)
        if is_immunological and test.specimen.strip() and systems and not set(systems[:2]) & _WHERE_ANTIBODIES_ARE:
            # Immunofluorescence on stools or a swab shows the organism's antigens: its antibodies are in the blood.
            return "ag"
        if is_silent or is_serum or is_immunological:
            return "ab"
    return ""


def nature_of_chapter(text: str) -> str:
    """What a chapter looks for in all its rows: nucleic acids or antibodies; empty when it is about both or neither."""
    chapter = fold(text)
    is_molecular = "molecul" in chapter or "pcr" in chapter
    is_serology = "serolog" in chapter or "auto-imm" in chapter or "autoimm" in chapter
    if is_molecular == is_serology:
        return ""
    return "na" if is_molecular else "ab"


def outside_chapter(senses: list[Sense], chapter: str, methods: Iterable[str] = ()) -> float:
    """What a reading loses when it takes a bare name for an antigen or a culture where nucleic acids are looked for.

    A chapter of molecular biology looks for them, and so does a technique that the row names.
    """
    if nature_of_chapter(chapter) != "na" and not any(method.startswith(_NUCLEIC_METHODS) for method in methods):
        return 0.0
    named = [sense for sense in senses if sense.tokens and not sense.is_modifier]
    is_elsewhere = any(
        "ag" in sense.tokens or any("ulture" in method for method in sense.entry.method) for sense in named
    )
    is_said = any(sense.is_modifier and ("ag" in sense.tokens or sense.entry.method) for sense in senses)
    return OUTSIDE if is_elsewhere and not is_said else 0.0


OUTSIDE = 1.0
NUCLEIC_WORDS = ("dna", "rna")


def sought_in_chapter(reading: Reading) -> list[Reading]:
    """A bare organism where nucleic acids are looked for: that of its DNA, and of its RNA."""
    is_bare = reading.organisms and reading.analytes == reading.organisms and not NA_WORDS & set(reading.wanted)
    if reading.facts.nature != "na" or not is_bare or AB_WORDS & set(reading.wanted) or "ag" in reading.wanted:
        return []
    return [
        replace(
            reading,
            wanted=(*reading.wanted, word),
            analytes=tuple(f"{analyte} {word}" for analyte in reading.analytes),
            organisms=(),
        )
        for word in NUCLEIC_WORDS
    ]


def unit_words(unit: str) -> tuple[str, ...]:
    """Words of a unit that belong to the analyte: D-dimers in FEU or in DDU are two components."""
    folded = set(words(unit))
    return tuple(word for word in ("feu", "ddu") if word in folded or (word == "feu" and "ufe" in folded))


_DELAY = re.compile(r"^(\d+(?:\.\d+)?)(M|H)\b")


def _delay(challenge: str) -> float | None:
    """Minutes after the challenge (0 before it), when the challenge tells."""
    if challenge.startswith(("pre ", "baseline")) or challenge == "post CFst":
        # Fasting is the point before the dose: « A jeun » in a glucose tolerance test.
        return 0.0
    match = _DELAY.match(challenge)
    return float(match.group(1)) * (60.0 if match.group(2) == "H" else 1.0) if match else None


def time_conflict(senses: list[Sense], said: tuple[str, ...]) -> float:
    """HGPO 75 g T120: among the points of the test, the one said is meant."""
    alone = [sense.challenge for sense in senses if sense.challenge and not sense.tokens]
    delays = {_delay(challenge) for challenge in (*said, *alone)} - {None}
    named = [_delay(sense.challenge) for sense in senses if sense.challenge and sense.tokens]
    return 0.5 if delays and any(delay is not None and delay not in delays for delay in named) else 0.0


_EXCLUDES_TOTAL = frozenset("direct indirect free bound ionized active".split())


def qualified(senses: list[Sense]) -> list[Sense]:
    """A qualifier replaces "total": bilirubine (total) + directe is direct bilirubin."""
    said = {token for sense in senses if sense.is_modifier for token in sense.tokens}
    if not said & _EXCLUDES_TOTAL:
        return senses
    return [
        replace(sense, tokens=tuple(word for word in sense.tokens if word != "total"), analyte="")
        if "total" in sense.tokens and not sense.is_modifier
        else sense
        for sense in senses
    ]


def common(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all lists hold, in the order of the first; everything when they hold nothing in common."""
    shared = tuple(value for value in (lists[0] if lists else ()) if all(value in other for other in lists))
    return shared or unique(value for values in lists for value in values)


# What an examination looks for in general; beside what is named it only tells the method: « sédiment : cylindres ».
_GENERAL_FINDINGS = frozenset(
    {"bacteria identified", "microscopic observation", "blood smear finding", "virus identified", "fungus identified"}
)


def is_general(reading: Reading) -> bool:
    """Whether a reading names no more than what an examination looks for in general."""
    return bool(reading.analytes) and set(reading.analytes) <= _GENERAL_FINDINGS


def without_context_panels(senses: list[Sense]) -> list[Sense]:
    """NFS Plaquettes, ECBU - cylindres: the exam only says where the analyte is found."""
    named = [sense for sense in senses if sense.tokens and not sense.is_modifier]
    has_analyte = any(sense.entry.kind != "panel" for sense in named)
    is_named = any(sense.analyte not in _GENERAL_FINDINGS and sense.entry.kind != "panel" for sense in named)
    return [
        replace(sense, tokens=(), analyte="", component="")
        if (has_analyte and sense.entry.kind == "panel") or (is_named and sense.analyte in _GENERAL_FINDINGS)
        else sense
        for sense in senses
    ]


_RATIO_WORDS = frozenset("rapport ratio index indice quotient".split())
_RATIO_DIMENSIONS = frozenset({"ratio_mass_subst", "ratio_mass_mass", "ratio_subst_subst", "subst_mass", "cat_ratio"})


def as_ratio(reading: Reading, named: list[Sense], label: str, unit: UnitReading) -> Reading | None:
    """Protéines/créatinine: the second analyte divides the first, when the label or the unit says so."""
    analytes = [sense for sense in named if not sense.is_modifier and sense.component]
    if (
        len(analytes) != 2
        or analytes[0].divisor
        or analytes[1].divisor
        or analytes[0].component == analytes[1].component
    ):
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


_CHANCE_KINDS = frozenset({"abbreviation", "allergen", "drug", "brand"})


def is_short(hit: Hit[Sense]) -> bool:
    """A short abbreviation met by chance in a long label: CAS GENERAL is not caspofungin."""
    return hit.end - hit.start == 1 and all(
        sense.entry.kind in _CHANCE_KINDS and not sense.is_modifier for sense in hit.values
    )


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """The values once each, in order, empty ones left out."""
    return tuple(dict.fromkeys(value for value in values if value))


def runs(positions: list[int]) -> list[list[int]]:
    """Consecutive positions grouped: phrases never reach across a lexicon hit."""
    runs: list[list[int]] = []
    for position in positions:
        if runs and runs[-1][-1] == position - 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return runs


def best_products(choices: list[list[tuple[Sense, float]]], limit: int) -> list[tuple[tuple[Sense, float], ...]]:
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
