"""An index of a release as bytes: arrays and JSON, no pickle, so that loading it can run no code."""

import json
import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.index import AXES, TermIndex
from matcher.types import Term

FORMAT = 7
_ARRAYS = (
    "analyte_of",
    "prior",
    "other_subject",
    "postings_start",
    "postings",
    "word_weight",
    "analyte_weight",
    "terms_start",
    "terms_by_analyte",
)
_TERM_FIELDS = tuple(Term.__dataclass_fields__)


def dump_index(index: TermIndex) -> bytes:
    """The index as bytes (a zip of arrays and JSON, no pickle: loading it can run no code)."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in _ARRAYS:
            archive.writestr(f"{name}.npy", _npy(getattr(index, name)))
        for axis in AXES:
            archive.writestr(f"axis_{axis}.npy", _npy(index.axis_codes[axis]))
        columns = {name: [getattr(term, name) for term in index.terms] for name in _TERM_FIELDS}
        meta = {
            "format": FORMAT,
            "columns": columns,
            "analyte_keys": index.analyte_keys,
            "vocabulary": list(index.vocabulary),
            "analytes": index.analytes,
            "axis_values": index.axis_values,
            "property_by_dimension": index.property_by_dimension,
            "unit_dimensions": {key: list(value) for key, value in index.unit_dimensions.items()},
        }
        archive.writestr("meta.json", json.dumps(meta, ensure_ascii=False))
    return buffer.getvalue()


def load_index(content: bytes) -> TermIndex | None:
    """The index from `dump_index`, or None when it was written by another version."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        meta: dict[str, Any] = json.loads(archive.read("meta.json"))
        if meta.get("format") != FORMAT:
            return None
        arrays = {name: _load(archive.read(f"{name}.npy")) for name in _ARRAYS}
        axis_codes = {axis: _load(archive.read(f"axis_{axis}.npy")) for axis in AXES}
    columns = meta["columns"]
    terms = [Term(*values) for values in zip(*(columns[name] for name in _TERM_FIELDS), strict=True)]
    analytes: list[str] = meta["analytes"]
    return TermIndex(
        terms=terms,
        vocabulary={word: position for position, word in enumerate(meta["vocabulary"])},
        analytes=analytes,
        analyte_codes={analyte: code for code, analyte in enumerate(analytes)},
        axis_values=meta["axis_values"],
        axis_codes=axis_codes,
        analyte_keys=meta["analyte_keys"],
        property_by_dimension=meta["property_by_dimension"],
        unit_dimensions={key: tuple(value) for key, value in meta["unit_dimensions"].items()},
        number_of={term.loinc_num: position for position, term in enumerate(terms)},
        analyte_of=arrays["analyte_of"],
        prior=arrays["prior"],
        other_subject=arrays["other_subject"],
        postings_start=arrays["postings_start"],
        postings=arrays["postings"],
        word_weight=arrays["word_weight"],
        analyte_weight=arrays["analyte_weight"],
        terms_start=arrays["terms_start"],
        terms_by_analyte=arrays["terms_by_analyte"],
    )


def _npy(array: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _load(content: bytes) -> NDArray[Any]:
    array: NDArray[Any] = np.load(BytesIO(content), allow_pickle=False)
    return array
