"""Families of siblings: the codes that differ by method or precision only, and may stand for one another."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from matcher.index import Ints, TermIndex
from matcher.names import is_about_another, split_component
from matcher.normalise.text import fold
from matcher.types import Term

ONE_SPECIMEN: Mapping[str, str] = {"Ser": "Ser/Plas", "Plas": "Ser/Plas", "Ser/Plas/Bld": "Ser/Plas"}
"""Specimens that differ by precision only."""
ONE_CHALLENGE: Mapping[str, str] = {"pre-meal": "post CFst"}
"""Conditions that LOINC writes in two ways."""
OTHER_PROPERTY: Mapping[str, str] = {
    one: other
    for pair in (("MCnc", "SCnc"), ("MRat", "SRat"), ("MRto", "SRto"), ("NCnc", "NFr"))
    for one, other in (pair, pair[::-1])
}
"""Properties of one measurement that a laboratory chooses between: mass or moles, a number or a fraction."""


def family_key(term: Term) -> tuple[str, ...]:
    """What siblings by method or precision share."""
    return (*_measured(term), term.property)


def measurement_key(term: Term) -> tuple[str, ...]:
    """What siblings share whatever their property: mass and moles, number and fraction of one thing."""
    return (*_measured(term), "".join(sorted((term.property, OTHER_PROPERTY.get(term.property, "")))))


def _measured(term: Term) -> tuple[str, ...]:
    name = split_component(term.component)
    return (
        fold(name.analyte),
        ONE_CHALLENGE.get(name.challenge, name.challenge),
        name.divisor,
        term.time_aspct,
        ONE_SPECIMEN.get(term.system, term.system),
        term.scale_typ,
        # A control is not the patient: its code is nobody's sibling.
        "other" if is_about_another(term.long_common_name) else "",
    )


class Families:
    """The families of an index, as numbers of its terms: `key_of` two terms is one number when they are siblings."""

    def __init__(self, index: TermIndex) -> None:
        measured = _combined(
            index.analyte_of,
            _merged(index, "challenge", ONE_CHALLENGE),
            index.axis_codes["divisor"],
            index.axis_codes["time"],
            _merged(index, "system", ONE_SPECIMEN),
            index.axis_codes["scale"],
            index.other_subject.astype(np.int64),
        )
        self.of_family = _combined(measured, index.axis_codes["property"])
        self.of_measurement = _combined(measured, _merged(index, "property", _one_property()))
        self._order = np.argsort(self.of_family, kind="stable")
        self._starts = np.searchsorted(self.of_family[self._order], np.arange(int(self.of_family.max(initial=-1)) + 2))

    def members(self, position: int) -> tuple[int, ...]:
        """The terms of the family of a term, itself included, in the order of the release."""
        family = int(self.of_family[position])
        return tuple(int(place) for place in self._order[self._starts[family] : self._starts[family + 1]])


def _one_property() -> dict[str, str]:
    return {one: min(one, other) for one, other in OTHER_PROPERTY.items()}


def _merged(index: TermIndex, axis: str, same: Mapping[str, str]) -> Ints:
    """The codes of an axis, the values that are the same under one code."""
    values = index.axis_values[axis]
    code_of = {value: code for code, value in enumerate(values)}
    # A value that no term has is a code of its own.
    for value in same.values():
        code_of.setdefault(value, len(code_of))
    table = np.fromiter((code_of[same.get(value, value)] for value in values), np.int32, len(values))
    merged: Ints = table[index.axis_codes[axis]]
    return merged


def _combined(*columns: NDArray[np.signedinteger]) -> Ints:
    """One small number for each distinct row of these columns."""
    whole = np.zeros(len(columns[0]), np.int64)
    width = 1
    for column in columns:
        size = int(column.max(initial=0)) + 1
        if width * size >= _WIDEST:
            _, inverse = np.unique(whole, return_inverse=True)
            whole, width = inverse.astype(np.int64), int(inverse.max(initial=0)) + 1
        whole = whole * size + column
        width *= size
    return np.unique(whole, return_inverse=True)[1].astype(np.int32)


_WIDEST = 2**62
