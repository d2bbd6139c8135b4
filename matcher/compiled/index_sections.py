"""The index of a release as sections, and the codes that the strengths of its terms are looked up by."""

from typing import Any

from numpy.typing import NDArray

from matcher.compiled.columns import coded, terms_of, terms_to_sections
from matcher.compiled.sections import Sections
from matcher.index import AXES, TermIndex
from matcher.strengths import Codes

_ARRAYS = (
    "analyte_of",
    "prior",
    "other_subject",
    "postings_start",
    "postings",
    "word_weight",
    "analyte_weight",
    "classless_weight",
    "terms_start",
    "terms_by_analyte",
)
_VALUES = ("vocabulary", "analytes", "axis_values", "property_by_dimension", "unit_dimensions")


def index_to_sections(index: TermIndex, codes: Codes) -> Sections:
    """The index and the codes of its terms."""
    terms = terms_to_sections(index.terms)
    arrays: dict[str, NDArray[Any]] = {f"index.{name}": getattr(index, name) for name in _ARRAYS}
    arrays |= {f"axis.{axis}": index.axis_codes[axis] for axis in AXES}
    arrays |= {"codes.unit": codes.units, "codes.nature": codes.natures}
    names, arrays["index.key_names"] = coded(index.analyte_keys.values())
    values: dict[str, Any] = {f"index.{name}": getattr(index, name) for name in _VALUES}
    values["index.vocabulary"] = list(index.vocabulary)
    values |= {"index.keys": list(index.analyte_keys), "index.key_names": names, "codes.unit": codes.unit_values}
    values["index.numbers"] = index.loinc_nums
    return Sections({**terms.arrays, **arrays}, {**terms.values, **values})


def index_of(sections: Sections) -> tuple[TermIndex, Codes]:
    """The index and the codes of `index_to_sections`."""
    arrays, values = sections.arrays, sections.values
    analytes: list[str] = values["index.analytes"]
    numbers: list[str] = values["index.numbers"]
    codes = {analyte: code for code, analyte in enumerate(analytes)}
    # Most names are those of analytes: one text for both.
    names = [analytes[codes[name]] if name in codes else name for name in values["index.key_names"]]
    keys = zip(values["index.keys"], arrays["index.key_names"].tolist(), strict=True)
    index = TermIndex(
        terms=terms_of(sections),
        vocabulary={word: position for position, word in enumerate(values["index.vocabulary"])},
        analytes=analytes,
        analyte_codes=codes,
        axis_values=values["index.axis_values"],
        axis_codes={axis: arrays[f"axis.{axis}"] for axis in AXES},
        analyte_keys={key: names[code] for key, code in keys},
        property_by_dimension=values["index.property_by_dimension"],
        unit_dimensions={units: tuple(found) for units, found in values["index.unit_dimensions"].items()},
        loinc_nums=numbers,
        number_of={number: position for position, number in enumerate(numbers)},
        analyte_of=arrays["index.analyte_of"],
        prior=arrays["index.prior"],
        other_subject=arrays["index.other_subject"],
        postings_start=arrays["index.postings_start"],
        postings=arrays["index.postings"],
        word_weight=arrays["index.word_weight"],
        analyte_weight=arrays["index.analyte_weight"],
        classless_weight=arrays["index.classless_weight"],
        terms_start=arrays["index.terms_start"],
        terms_by_analyte=arrays["index.terms_by_analyte"],
    )
    return index, Codes(values["codes.unit"], arrays["codes.unit"], arrays["codes.nature"])
