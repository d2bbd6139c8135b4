"""The index of a LOINC release: words of components, axis codes, priors, counts of properties by dimension."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matcher.evidence.property import property_shares
from matcher.names import is_about_another, name_words, split_component
from matcher.normalise.text import fold, key_of, words
from matcher.normalise.units import example_dimensions
from matcher.shortnames import method_of, methods_by_ending
from matcher.types import Term

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

# Words that carry little in a name but decide between codes: their weight has a floor.
DECISIVE = frozenset(
    (
        "ab ag igg igm iga ige dna rna free total bound active activity in hdl ldl vldl i ii iii iv v vi vii "
        "viii ix x xi xii xiii 1 2 3 4 5 6 7 8 9 10 a b c d e g h k m alpha beta gamma delta t cell type "
        "virus actual normal kappa lambda inhibitor crystal cast antigen antibody toxin gene calculated class"
    ).split()
)
FLOOR = 3.0
COMMON = 1200
CLASSES = ("iga", "igg", "igm")
"""Classes of antibodies; a component of several of them is what a row that names none may be."""
BESIDE_PLAIN = 0.05
"""The share of its classes' weight by which such a component stands below the one that names no class either."""
NUISANCE = frozenset(["and", "of", "the", "by"])


class Coder:
    """Distinct texts of an axis and their codes."""

    def __init__(self, values: Sequence[str] = ()) -> None:
        self.values: list[str] = list(values)
        self.codes: dict[str, int] = {value: code for code, value in enumerate(self.values)}

    def code(self, value: str) -> int:
        """The code of a text, a new one when it is new."""
        code = self.codes.get(value)
        if code is None:
            code = self.codes[value] = len(self.values)
            self.values.append(value)
        return code


AXES = (
    "property",
    "time",
    "system",
    "scale",
    "method",
    "divisor",
    "challenge",
    "class_name",
    "status",
    "order_obs",
)


@dataclass
class TermIndex:
    """Arrays over terms and over distinct analytes; `analyte_of[t]` is the analyte of term t."""

    terms: Sequence[Term]
    vocabulary: dict[str, int]
    analytes: list[str]
    analyte_codes: dict[str, int]
    axis_values: dict[str, list[str]]
    axis_codes: dict[str, Ints]
    analyte_of: Ints
    prior: Floats
    other_subject: Floats
    """1 where the name says a control, a donor or a foetus instead of the patient."""
    postings_start: Ints
    postings: Ints
    word_weight: Floats
    analyte_weight: Floats
    classless_weight: Floats
    """The same without the classes of analytes that are antibodies of several: IgG & IgM is whatever class."""
    terms_start: Ints
    terms_by_analyte: Ints
    property_by_dimension: dict[str, dict[str, float]]
    unit_dimensions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    loinc_nums: list[str] = field(default_factory=list)
    """The codes of the terms: ranking wants them, and nothing else of a term."""
    number_of: dict[str, int] = field(default_factory=dict)
    analyte_keys: dict[str, str] = field(default_factory=dict)
    """Words of an analyte's name, joined → its name: labels in English often are LOINC names."""
    _common: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def build(cls, terms: Iterable[Term]) -> "TermIndex":
        """Build the index; deprecated and discouraged terms are kept, they explain themselves later."""
        kept = list(terms)
        analytes = Coder()
        coders = {axis: Coder() for axis in AXES}
        codes: dict[str, list[int]] = {axis: [] for axis in AXES}
        analyte_of = np.empty(len(kept), np.int32)
        by_ending = methods_by_ending(kept)
        methods = [method_of(term, by_ending) for term in kept]
        for position, term in enumerate(kept):
            name = split_component(term.component)
            analyte_of[position] = analytes.code(fold(name.analyte))
            values = _axis_values(term, name.divisor, name.challenge) | {"method": methods[position]}
            for axis in AXES:
                codes[axis].append(coders[axis].code(values[axis]))
        vocabulary, start, postings, weights = _invert(analytes.values)
        order = np.argsort(analyte_of, kind="stable").astype(np.int32)
        terms_start = np.searchsorted(analyte_of[order], np.arange(len(analytes.values) + 1)).astype(np.int32)
        dimensions = _dimensions(kept)
        numbers = [term.loinc_num for term in kept]
        return cls(
            terms=kept,
            vocabulary=vocabulary,
            analytes=analytes.values,
            analyte_codes=analytes.codes,
            axis_values={axis: coders[axis].values for axis in AXES},
            axis_codes={axis: np.asarray(codes[axis], np.int32) for axis in AXES},
            analyte_of=analyte_of,
            prior=_prior(kept, methods),
            other_subject=np.array([is_about_another(term.long_common_name) for term in kept], np.float32),
            postings_start=start,
            postings=postings,
            word_weight=weights,
            analyte_weight=_analyte_weights(len(analytes.values), start, postings, weights),
            classless_weight=_classless_weights(analytes.values, start, postings, weights, vocabulary),
            terms_start=terms_start,
            terms_by_analyte=order,
            property_by_dimension=_count_properties(kept, dimensions),
            unit_dimensions=dimensions,
            loinc_nums=numbers,
            number_of={number: position for position, number in enumerate(numbers)},
            analyte_keys=_keys(analytes.values, kept, analyte_of),
        )

    def terms_of(self, analyte: int) -> Ints:
        """The terms of an analyte, as positions in `terms`."""
        return self.terms_by_analyte[self.terms_start[analyte] : self.terms_start[analyte + 1]]

    def expand(self, analytes: Ints, component: Floats) -> tuple[Ints, Floats]:
        """The terms of one or more analytes, in the order given, each with the component score of its analyte."""
        starts, ends = self.terms_start[analytes], self.terms_start[analytes + 1]
        parts = [self.terms_by_analyte[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return np.concatenate(parts), np.repeat(component, ends - starts)

    def analytes_sharing(self, words: list[tuple[int, float]]) -> tuple[Ints, NDArray[np.float64]]:
        """The analytes (sorted) that share at least one of these weighed words, and the weight they share.

        Words that thousands of analytes hold are looked up only for analytes that a rarer word brought,
        so that the cost of a row hardly grows with the release.
        """
        rare = [(word, mass) for word, mass in words if self._length(word) <= COMMON]
        common = [(word, mass) for word, mass in words if self._length(word) > COMMON]
        if not rare:
            rare, common = common, []
        if not rare:
            return np.empty(0, np.int32), np.empty(0, np.float64)
        parts = [self.postings[self.postings_start[word] : self.postings_start[word + 1]] for word, _ in rare]
        masses = np.repeat([mass for _, mass in rare], [len(part) for part in parts])
        if len(parts) == 1 and (parts[0][1:] > parts[0][:-1]).all():
            found, matched = parts[0], masses.astype(np.float64)
        else:
            found, inverse = np.unique(np.concatenate(parts), return_inverse=True)
            matched = np.bincount(inverse, weights=masses, minlength=len(found)).astype(np.float64)
        for word, mass in common:
            matched += mass * self._holders(word)[found]
        return found, matched

    def _length(self, word: int) -> int:
        return int(self.postings_start[word + 1] - self.postings_start[word])

    def _holders(self, word: int) -> NDArray[np.bool_]:
        holders = self._common.get(word)
        if holders is None:
            holders = np.zeros(len(self.analytes), np.bool_)
            holders[self.postings[self.postings_start[word] : self.postings_start[word + 1]]] = True
            self._common[word] = holders
        return holders

    def dimensions_of(self, term: Term) -> tuple[str, ...]:
        """The dimensions of the term's example units."""
        return self.unit_dimensions.get(term.units, ())


_NAME_HEAD = re.compile(r"^(.+?)(?: \[| in | by | from | of | --|$)")


def _keys(analytes: list[str], terms: list[Term], analyte_of: Ints) -> dict[str, str]:
    """Joined words → analyte: the component's own, and the head of long common names (Bilirubin.direct)."""
    keys: dict[str, str] = {}
    for analyte in analytes:
        parts = words(analyte)
        if parts and len(parts) <= 4 and len("".join(parts)) > 3:
            keys.setdefault(key_of(parts), analyte)
    heads: dict[str, set[str]] = defaultdict(set)
    for term, code in zip(terms, analyte_of, strict=True):
        match = _NAME_HEAD.match(term.long_common_name)
        parts = words(match.group(1)) if match and "[" in term.long_common_name else ()
        if parts and len(parts) <= 4 and len("".join(parts)) > 3:
            heads[key_of(parts)].add(analytes[code])
    for key, found in heads.items():
        if len(found) == 1:
            keys.setdefault(key, next(iter(found)))
    return keys


def _axis_values(term: Term, divisor: str, challenge: str) -> dict[str, str]:
    return {
        "property": term.property,
        "time": term.time_aspct,
        "system": term.system,
        "scale": term.scale_typ,
        "divisor": divisor,
        "challenge": challenge,
        "class_name": term.class_name,
        "status": term.status,
        "order_obs": term.order_obs,
    }


def _invert(analytes: list[str]) -> tuple[dict[str, int], Ints, Ints, Floats]:
    holders: dict[str, list[int]] = defaultdict(list)
    for code, analyte in enumerate(analytes):
        for word in name_words(analyte):
            if word not in NUISANCE:
                holders[word].append(code)
    vocabulary = {word: position for position, word in enumerate(sorted(holders))}
    lengths = np.array([len(holders[word]) for word in vocabulary], np.int64)
    start = np.zeros(len(vocabulary) + 1, np.int32)
    np.cumsum(lengths, out=start[1:])
    postings = (
        np.concatenate([np.asarray(holders[word], np.int32) for word in vocabulary])
        if holders
        else np.empty(0, np.int32)
    )
    weights = np.log1p(len(analytes) / np.maximum(lengths, 1)).astype(np.float32)
    for word, position in vocabulary.items():
        if word in DECISIVE:
            weights[position] = max(float(weights[position]), FLOOR)
    # A rare word is not ten times as informative as a common analyte name.
    return vocabulary, start, postings.astype(np.int32), np.minimum(weights, np.float32(8.0))


def _analyte_weights(count: int, start: Ints, postings: Ints, weights: Floats) -> Floats:
    per_posting = np.repeat(weights, np.diff(start))
    return np.bincount(postings, weights=per_posting, minlength=count).astype(np.float32)


def _classless_weights(
    analytes: list[str], start: Ints, postings: Ints, weights: Floats, vocabulary: dict[str, int]
) -> Floats:
    """The weights of analytes, but for the classes of those that hold more than one."""
    classes = {vocabulary[word] for word in CLASSES if word in vocabulary}
    found = _analyte_weights(len(analytes), start, postings, weights)
    held: dict[int, list[int]] = defaultdict(list)
    for word in classes:
        for analyte in postings[start[word] : start[word + 1]].tolist():
            held[analyte].append(word)
    for analyte, words_held in held.items():
        if len(words_held) > 1:
            found[analyte] -= (1.0 - BESIDE_PLAIN) * sum(float(weights[word]) for word in words_held)
    return found


def _prior(terms: list[Term], methods: list[str]) -> Floats:
    usage = np.array([term.usage for term in terms], np.float32)
    rank = np.array([term.rank for term in terms], np.float32)
    by_usage = np.select([usage == 1, usage == 2, usage == 3], [1.0, 0.72, 0.5], 0.0)
    by_rank = np.where(rank > 0, np.clip(1.0 - np.log10(np.maximum(rank, 1)) / 4.6, 0.05, 1.0), 0.0)
    prior: Floats = np.maximum(by_usage, by_rank * 0.6).astype(np.float32)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, term in enumerate(terms):
        groups[(term.component, term.property, term.time_aspct, term.system, term.scale_typ)].append(position)
    for members in groups.values():
        plain = [position for position in members if not methods[position]]
        if plain and len(members) > 1:
            # The code without method is the one to use when nothing is said of the technique.
            best = float(prior[members].max())
            prior[plain[0]] = max(float(prior[plain[0]]), 0.95 * best)
            others = [position for position in members if methods[position]]
            prior[others] *= np.float32(0.8)
    return prior


def _dimensions(terms: list[Term]) -> dict[str, tuple[str, ...]]:
    return {units: example_dimensions(units) for units in {term.units for term in terms if term.units}}


def _count_properties(terms: list[Term], dimensions: dict[str, tuple[str, ...]]) -> dict[str, dict[str, float]]:
    """P(property | dimension of the unit), counted over the example units of the release."""
    return property_shares((dimensions.get(term.units, ()), term.property, 1) for term in terms)
