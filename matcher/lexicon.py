"""The compiled lexicon: what laboratories write → readings (LOINC words and implied axes)."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from matcher.names import name_words, split_component
from matcher.normalise.phrases import PhraseTable
from matcher.normalise.text import fold, key_of, words
from matcher.types import LexiconEntry


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of an expression: the words of the component and what it implies on the other axes."""

    entry: LexiconEntry
    component: str
    analyte: str
    tokens: tuple[str, ...]
    challenge: str
    divisor: str
    is_modifier: bool
    is_organism: bool
    names_specimen: bool
    """The expression itself names the specimen (urée plasmatique, glycosurie), so the specimen column yields to it."""
    order: int
    """0 for the most frequent meaning of the expression."""
    spelling: int
    """Rank of this component among the alternatives of its entry."""
    instead: str = ""
    """The analyte of the first of these alternatives, when this is another."""


MODIFIER_KINDS = frozenset({"modifier", "method", "specimen", "challenge"})


ORGANISM_WORDS = frozenset("virus viru hiv htlv sp plasmodium".split())


def senses_of(
    entry: LexiconEntry, order: int, names_specimen: bool, names: Mapping[str, str] | None = None
) -> list[Sense]:
    """The senses of an entry, one for each spelling of its component; a modifier may have no component."""
    senses: list[Sense] = []
    first = ""
    for spelling, component in enumerate(entry.component or ("",)):
        name = split_component(component)
        # Some components are better known by their long common name: Bilirubin.direct.
        known = (names or {}).get(key_of(words(name.analyte))) if name.analyte else None
        if known is not None and known != fold(name.analyte):
            name = replace(name, analyte=known)
        first = first or fold(name.analyte)
        senses.append(
            Sense(
                entry=entry,
                component=component,
                analyte=fold(name.analyte),
                tokens=name_words(name.analyte) if name.analyte else (),
                challenge=name.challenge,
                divisor=name.divisor,
                is_modifier=entry.kind in MODIFIER_KINDS or not component,
                is_organism=_is_organism(entry.kind, component),
                names_specimen=names_specimen,
                order=order,
                spelling=spelling,
                instead=first if spelling and first != fold(name.analyte) else "",
            )
        )
    return senses


def _is_organism(kind: str, component: str) -> bool:
    """Whether what an expression names is an organism; « Plasmodium identified » is a test, and says what is sought."""
    return (kind == "organism" or _names_an_organism(component)) and not component.endswith(" identified")


def _names_an_organism(component: str) -> bool:
    """Whether a component is an organism, or something of one: Cytomegalovirus, HIV 1 Ab."""
    named = name_words(component)
    return bool(ORGANISM_WORDS & set(named)) or bool(named and named[-1].endswith("viru"))


NO_SENSE = senses_of(LexiconEntry(expression="", kind="modifier"), 0, names_specimen=False)[0]
"""The reading of a hit as meaning nothing."""


def sense_of_name(analyte: str) -> Sense:
    """The sense of a LOINC analyte name met as it is in a label (English catalogues do)."""
    return senses_of(LexiconEntry(expression=analyte, kind="analyte", component=(analyte,)), 0, names_specimen=False)[0]


def _usual_first(entry: LexiconEntry) -> tuple[int, bool]:
    return entry.priority or 99, entry.is_english


def compile_lexicon(
    entries: tuple[LexiconEntry, ...],
    specimens: PhraseTable[tuple[str, ...]] | None = None,
    names: Mapping[str, str] | None = None,
    short_words: Iterable[tuple[str, str]] = (),
) -> PhraseTable[Sense]:
    """The phrase table of the lexicon; the order of rows is the order of frequency of the meanings.

    An expression with a word that laboratories shorten is read with the short word too, unless that is an expression
    of its own.
    """
    seen: dict[str, int] = {}
    rows: list[tuple[str, Sense]] = []
    # The order in which entries that read alike are filed is written beside them, never that of the files.
    for entry in sorted(entries, key=_usual_first):
        key = key_of(words(entry.expression))
        order = seen.get(key, 0)
        seen[key] = order + 1
        names_specimen = entry.kind == "urie" or bool(
            entry.system and specimens is not None and specimens.scan(words(entry.expression))
        )
        rows.extend((entry.expression, sense) for sense in senses_of(entry, order, names_specimen, names))
    shortened = _shortened(rows, seen.keys(), short_words)
    return PhraseTable([*rows, *shortened])


@dataclass(frozen=True, slots=True)
class CompiledLexicon:
    """What compiling a lexicon for a release takes its time for."""

    phrases: PhraseTable[Sense]
    words: Mapping[str, int]
    """In how many expressions each word stands."""


def counted_words(entries: Iterable[LexiconEntry]) -> dict[str, int]:
    """In how many expressions each word stands."""
    return Counter(word for entry in entries for word in words(entry.expression))


def _shortened(
    rows: list[tuple[str, Sense]], own: Container[str], short_words: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, Sense]]:
    """The expressions of several words again, with each of their words that laboratories shorten."""
    shorts: dict[str, list[str]] = {}
    for word, short in short_words:
        shorts.setdefault(words(word)[0], []).append(short)
    for expression, sense in rows:
        parts = words(expression)
        if len(parts) < 2:
            continue
        for place, word in enumerate(parts):
            for short in shorts.get(word, ()):
                made = " ".join([*parts[:place], short, *parts[place + 1 :]])
                if key_of(words(made)) not in own:
                    yield made, sense
