"""More terms and more rows than exist, made from those at hand: for measuring speed, never quality."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from random import Random

from matcher.names import split_component
from matcher.types import LocalTest, Term

SEED = 20261121
_SYLLABLES = (
    "ba ce di fo gu la me ni pro tu ry sto vin xa zel mor bri cal den fer gly hep iso kin lyt mono neu oxi phos rin "
    "sul tro uro ver"
).split()
_BEFORE = ("", "Dosage ", "Dosage de ", "S - ", "Taux ", "Mesure ")
_AFTER = ("", " (1)", " - 2", " *", " (automate)", " bis", " ext")


def _invented_word(random: Random) -> str:
    return "".join(random.choice(_SYLLABLES) for _ in range(random.randint(3, 5)))


def grown_terms(terms: Sequence[Term], count: int) -> list[Term]:
    """The terms, and invented ones up to `count`.

    Half of the invented terms are siblings of a real one with the axes of another, half have a component of their
    own that keeps some real words: postings, analytes and vocabulary all grow, as they do in a full release.
    """
    random = Random(SEED)
    grown = list(terms[:count])
    known: list[str] = [_invented_word(random) for _ in range(max(1, count // 8))]
    for number in range(len(grown), count):
        model, other = random.choice(terms), random.choice(terms)
        component, name = model.component, model.long_common_name
        if random.random() < 0.5:
            analyte = split_component(component).analyte
            words = analyte.split() or ["x"]
            words[random.randrange(len(words))] = random.choice(known)
            component = component.replace(analyte, " ".join(words))
            name = f"{component} {name}"
        grown.append(
            replace(
                model,
                loinc_num=f"X{number}-0",
                component=component,
                long_common_name=name,
                system=other.system,
                method_typ=other.method_typ,
                rank=0,
                usage=0,
            )
        )
    return grown


def _varied_label(label: str, random: Random) -> str:
    """The label written a little otherwise: another case, a word around it, letters swapped in a long word."""
    words = label.split()
    long_words = [position for position, word in enumerate(words) if len(word) > 7 and word.isalpha()]
    if long_words and random.random() < 0.25:
        position = random.choice(long_words)
        word, cut = words[position], random.randrange(2, len(words[position]) - 2)
        words[position] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    varied = " ".join(words)
    change = random.choice((str.upper, str.lower, str.title, str))
    return random.choice(_BEFORE) + change(varied) + random.choice(_AFTER)


def varied_rows(tests: Sequence[LocalTest], count: int) -> list[LocalTest]:
    """Rows made from labelled ones, their labels varied, so that remembering a label gains nothing."""
    random = Random(SEED)
    seen: set[str] = set()

    def made() -> Iterator[LocalTest]:
        for number, test in enumerate(cycle(tests)):
            label = _varied_label(test.label, random)
            if label in seen:
                label = f"{label} {_invented_word(random)}" if number % 3 == 0 else f"{label} n° {number}"
            seen.add(label)
            yield replace(test, label=label)

    source = made()
    return [next(source) for _ in range(count)]
