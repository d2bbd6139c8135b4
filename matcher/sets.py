"""Rows that name a set of tests: « BILAN HEPATIQUE », « NFS », « SEROLOGIE TOXOPLASMOSE »."""

from collections.abc import Iterable

from matcher.facts import Parsed
from matcher.names import split_component
from matcher.normalise.text import words
from matcher.rowwords import Classes, WordClasses, tokens_of

HEAD, SET, LEAD, FAMILY, WITH, MANY = "set_head", "set", "set_lead", "family", "set_with", "many"
ONE, RESULT = "one", "result"
OF_SETS = frozenset({HEAD, SET, LEAD, FAMILY, WITH, MANY, ONE, RESULT})
_SYMBOL = 2
_SEROLOGY = frozenset({"serologie", "sero", "serol"})
_ANTIBODIES = frozenset({"igg", "igm", "iga", "ige"})


class SetRules:
    """Tells the rows that name several tests at once; an exam may, an analysis has one code for each of them."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._classes = WordClasses(rows, OF_SETS)

    def names_a_set(self, parsed: Parsed) -> bool:
        """Whether a row at the level of an analysis names a set."""
        test = parsed.test
        if test.level != "analysis" or _has_a_scale(parsed):
            return False
        tokens = tokens_of(test.label)
        read = [classes for _, classes in self._classes.read(tokens)]
        if not read or any(ONE in classes for classes in read):
            return False
        if HEAD in read[0] or HEAD in read[-1]:
            return True
        is_about_one = all(SET in classes or FAMILY in classes or WITH in classes for classes in read)
        if is_about_one and any(SET in classes or FAMILY in classes for classes in read):
            return True
        return (
            (LEAD in read[0] and self._leads_to_no_result(parsed, tokens, read))
            or self._is_a_set_and_more(test.label)
            or self._is_serology_of_many(tokens)
            or self._reads_as_a_panel(parsed)
            or _lists_analytes(parsed)
        )

    def _leads_to_no_result(self, parsed: Parsed, tokens: list[str], read: list[Classes]) -> bool:
        """Whether what follows the name of a set is no result of it: « ECBU sonde », and not « ECBU culture »."""
        if any(RESULT in classes for classes in read) or any(_is_a_symbol(word) for word in tokens):
            return False
        components = [component for reading in parsed.readings[:1] for _, component in reading.spans]
        return len(components) <= 1 or all(map(is_set, components))

    def _is_a_set_and_more(self, label: str) -> bool:
        """« NFS + VS », « ECBU + antibiogramme »: a set, whatever is added to it."""
        if "+" not in label:
            return False
        parts = [self._classes.read(tokens_of(part)) for part in label.split("+")]
        return any(part and all(SET in classes or WITH in classes for _, classes in part) for part in parts)

    def _is_serology_of_many(self, tokens: list[str]) -> bool:
        """A serology that names no class of antibodies, where several are always looked for; or that names two."""
        if tokens[0] not in _SEROLOGY:
            return False
        if len(_ANTIBODIES.intersection(tokens)) > 1:
            return True
        rest = [classes for _, classes in self._classes.read(tokens[1:])]
        return bool(rest) and all(MANY in classes or WITH in classes for classes in rest)

    def _reads_as_a_panel(self, parsed: Parsed) -> bool:
        """Whether the lexicon reads nothing but panels in the label."""
        if not parsed.readings:
            return False
        reading = parsed.readings[0]
        components = [component for _, component in reading.spans]
        if not components or not all(map(is_set, components)):
            return False
        read = {word for span, _ in reading.spans for word in span.split()}
        left = [word for word in words(parsed.test.label) if word not in read]
        return all(any(WITH in classes for _, classes in self._classes.read([word])) for word in left)


def _lists_analytes(parsed: Parsed) -> bool:
    """« TP TCA FIB », « Fer, ferritine, CST »: three results named one after the other, and nothing else.

    Two of them may be read as one, as a panel or as a ratio, when their symbols follow each other.
    """
    reading = parsed.readings[0] if parsed.readings else None
    if reading is None or reading.leftover or reading.organisms or reading.facts.nature or reading.facts.label_methods:
        return False
    if _OF_ONE_RESULT.intersection(words(parsed.test.label)) or _ANTIBODIES.intersection(reading.analytes):
        return False
    components = dict.fromkeys(component for span, component in reading.spans if len(span) > 1)
    if len(components) < 2 or len(components) > len(reading.analytes):
        return False
    return sum(2 if is_set(name) or _is_a_ratio(name) else 1 for name in components) >= LISTED


def _is_a_ratio(component: str) -> bool:
    """Whether a component divides one analyte by another, and not by a count of cells."""
    divisor = split_component(component).divisor
    return bool(divisor) and not divisor[0].isdigit()


_OF_ONE_RESULT = frozenset("rapport ratio index indice quotient somme score corrige apres avec sans".split())
LISTED = 3
"""From how many results on a label is a list of them."""


def _is_a_symbol(word: str) -> bool:
    """« ionogramme Na », « HGPO T120 »: one result of the set."""
    return len(word) <= _SYMBOL or any(letter.isdigit() for letter in word)


def is_set(component: str) -> bool:
    """Whether a LOINC component is that of a set of tests."""
    return component.endswith(("panel", " subsets"))


def _has_a_scale(parsed: Parsed) -> bool:
    """Whether the column of result types says that the row has a result of its own."""
    facts = parsed.readings[0].facts if parsed.readings else None
    if facts is None or facts.scales_from == "libellé" or not parsed.test.scale.strip():
        return False
    return bool(facts.scales) and not set(facts.scales) & {"-", "Set"}
