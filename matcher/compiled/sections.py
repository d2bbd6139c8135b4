"""Named arrays and JSON values in one block of bytes: checked before anything of it is believed, and running no code.

The block is a mark, the SHA-256 of all that follows, the length of a JSON header, the header, and the sections.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARK = b"matcher engine\n\0"
_DIGEST = hashlib.sha256().digest_size
_LENGTH = 8
_START = len(MARK) + _DIGEST
_ALIGNED = 16
"""Arrays begin at multiples of this, as numpy reads them quickest."""


@dataclass(frozen=True, slots=True)
class Sections:
    """What a block holds; the arrays of one that was read share its memory and are not to be written."""

    arrays: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


def pack(key: str, sections: Sections) -> bytes:
    """The sections as bytes, under the key that says what they were made from."""
    parts: list[bytes] = []
    arrays: dict[str, tuple[str, int, int]] = {}
    values: dict[str, tuple[int, int]] = {}
    size = 0

    def add(content: bytes) -> int:
        nonlocal size
        start = size
        padded = content + bytes(-len(content) % _ALIGNED)
        parts.append(padded)
        size += len(padded)
        return start

    for name, array in sections.arrays.items():
        arrays[name] = (array.dtype.str, len(array), add(np.ascontiguousarray(array).tobytes()))
    for name, value in sections.values.items():
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        values[name] = (add(content), len(content))
    header = json.dumps({"key": key, "arrays": arrays, "values": values}).encode()
    # Spaces after the header, which JSON ignores, so that the sections begin where arrays may.
    header += b" " * (-(_START + _LENGTH + len(header)) % _ALIGNED)
    body = b"".join((len(header).to_bytes(_LENGTH, "little"), header, *parts))
    return b"".join((MARK, hashlib.sha256(body).digest(), body))


def unpack(content: bytes, key: str) -> Sections | None:
    """The sections of `pack` under this key; None when the bytes are others, cut short, altered, or of another key."""
    view = memoryview(content)
    if bytes(view[: len(MARK)]) != MARK or len(view) < _START + _LENGTH:
        return None
    if hashlib.sha256(view[_START:]).digest() != view[len(MARK) : _START]:
        return None
    start = _START + _LENGTH
    end = start + int.from_bytes(view[_START:start], "little")
    header = json.loads(bytes(view[start:end]))
    if header["key"] != key:
        return None
    data = view[end:]
    arrays = {name: _array(data, *place) for name, place in header["arrays"].items()}
    values = {name: json.loads(bytes(data[first : first + size])) for name, (first, size) in header["values"].items()}
    return Sections(arrays, values)


def _array(data: memoryview, dtype: str, count: int, start: int) -> NDArray[Any]:
    # Of numbers only: from bytes numpy makes no array of objects.
    array: NDArray[Any] = np.frombuffer(data, dtype, count, start)
    return array
