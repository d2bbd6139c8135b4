"""The arithmetic of the audit chain: what is hashed, to the byte (decision 22). Pure: no database, no clock."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

BEGINNING = "0" * 64
"""The hash before the first link of a chain."""
SALT_BYTES = 16


def canonical(value: Any) -> str:
    """A value as JSON in one way only: keys sorted, no spaces, moments in UTC, bytes as their SHA-256."""
    return _ENCODER.encode(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    raise TypeError(f"no canonical form for {type(value).__name__}")


# Made once: it is asked for several times a fact.
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def commitment(salt: str, value: Any) -> str:
    """What a link says of an erasable text: SHA-256 of the bytes of its salt, then of the text (JSON when it is no
    text)."""
    text = value if isinstance(value, str) else canonical(value)
    return hashlib.sha256(bytes.fromhex(salt) + text.encode("utf-8", "surrogatepass")).hexdigest()


def row_digest(table: str, fixed: Mapping[str, Any], commitments: Mapping[str, str]) -> str:
    """The digest of a fact: its fixed columns as they are, its texts by what is committed to of each."""
    return digest(canonical({"fixed": fixed, "table": table, "texts": commitments}))


@dataclass(frozen=True, slots=True)
class Member:
    """A fact in a link."""

    key: int
    digest: str
    commitments: Mapping[str, str]
    """Column -> commitment; an empty text has none."""


def write_members(members: Iterable[Member]) -> str:
    """Members as a link stores them."""
    return canonical(
        [[item.key, item.digest, *([dict(item.commitments)] if item.commitments else [])] for item in members]
    )


def read_json(text: str) -> Any:
    """A stored JSON value; raises ValueError for any text that is none, or that goes too deep."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("no JSON of ours goes so deep") from error


LARGEST_KEY = 2**63 - 1


def read_members(text: str) -> list[Member]:
    """Members of a stored link; raises ValueError when they cannot be read."""
    try:
        found = [Member(row[0], str(row[1]), dict(row[2]) if len(row) > 2 else {}) for row in read_json(text)]
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError("these are no members") from error
    if not all(type(member.key) is int and abs(member.key) <= LARGEST_KEY for member in found):
        raise ValueError("these are no keys")
    return found


@dataclass(frozen=True, slots=True)
class LinkContent:
    """Everything that the hash of a link is over."""

    chain: int
    position: int
    kind: str
    table_name: str
    column_names: str
    members: str
    linked_at: datetime
    previous_hash: str

    @property
    def hash(self) -> str:
        """SHA-256 of all of it, in canonical JSON."""
        return digest(canonical({name: getattr(self, name) for name in self.__slots__}))


def is_empty(value: Any) -> bool:
    """Whether there is nothing to erase: such a text is part of the row and has no commitment."""
    return value is None or value in ("", [], {})


def emptied(value: Any) -> Any:
    """What stays of an erasable value: its shape, without its texts and numbers."""
    if isinstance(value, dict):
        return {}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ["" for _ in value]
    return ""
