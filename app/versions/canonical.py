"""The canonical content of a mapping: the same facts give the same bytes, and so the same SHA-256, on any machine.

Only the standard library is imported, so that the content can be built again far from this installation.

The format, to be built again with any language: UTF-8 without mark, one JSON array of texts a line, each line ended
by a line feed. The first line holds the name of the format and the LOINC release; every other line is one local test,
its values in the order of `CanonicalRow`. Lines are sorted by level, code and occurrence, compared as texts, code point
by code point. JSON is written without space; only `"`, `\\` and the characters below U+0020 are escaped, as `\\"`,
`\\\\`, `\\b`, `\\t`, `\\n`, `\\f`, `\\r` or `\\u00xx` in lower case. Texts are not normalised in any way.

A row that nobody approved says what it is and nothing of its decision: from `status` on, its values are empty. So work
under way changes no signed content, and an approval does.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

FORMAT_NAME = "transcodage-loinc/1"
"""Another format would have another name: two hashes compare only when this line is the same."""
APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class CanonicalRow:
    """One local test of a mapping, every value a text; empty when there is none."""

    level: str
    code: str
    occurrence: str
    """Tells apart rows that share level and code: "0" for the first."""
    label: str
    chapter: str
    specimen: str
    unit: str
    technique: str
    status: str
    outcome: str
    loinc_num: str
    relation: str
    reason: str
    justification: str
    approved_by: str
    """Public identifier of the account."""
    approved_at: str
    """UTC, ISO 8601."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the row inside its catalogue."""
        return self.level, self.code, self.occurrence

    @property
    def values(self) -> tuple[str, ...]:
        """Every value, in the order of the format."""
        return tuple(getattr(self, name) for name in FIELDS)


FIELDS = tuple(field.name for field in fields(CanonicalRow))
"""The values of a line, in their order."""
OF_A_DECISION = FIELDS[FIELDS.index("status") :]
"""The values that say what was decided and approved."""


def without_open_decision(row: CanonicalRow) -> CanonicalRow:
    """The row as a content holds it: without its decision when nobody approved it."""
    return row if row.status == APPROVED else replace(row, **dict.fromkeys(OF_A_DECISION, ""))


def canonical_content(release_version: str, rows: Iterable[CanonicalRow]) -> bytes:
    """The bytes of a mapping; neither the order of the rows nor a decision that nobody approved changes anything.

    Raises ValueError when two rows have the same level, code and occurrence, or a text is no Unicode (a lone
    surrogate), and TypeError for a value that is no text.
    """
    ordered = sorted(map(without_open_decision, rows), key=lambda row: row.key)
    for before, after in pairwise(ordered):
        if before.key == after.key:
            raise ValueError(f"two rows are {after.key}")
    lines = [_line((FORMAT_NAME, release_version)), *(_line(row.values) for row in ordered)]
    return "".join(lines).encode("utf-8")


def content_sha256(content: bytes) -> str:
    """The SHA-256 of a content, in 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_content(content: bytes) -> tuple[str, tuple[CanonicalRow, ...]]:
    """The release and the rows of a content, in its order.

    Raises ValueError, which says where, for anything but the exact bytes that `canonical_content` would write.
    """
    release_version, found = parse_content(content)
    if canonical_content(release_version, found) != content:
        raise ValueError("the content is not written in its canonical form")
    return release_version, found


def parse_content(content: bytes) -> tuple[str, tuple[CanonicalRow, ...]]:
    """The same of a content whose SHA-256 was compared already: that it is canonical is not looked at again."""
    head, *rows = _parsed(content)
    if len(head) != 2 or head[0] != FORMAT_NAME:
        raise ValueError(f"line 1 is not the head of a content of format {FORMAT_NAME}")
    found = []
    for number, values in enumerate(rows, start=2):
        if len(values) != len(FIELDS):
            raise ValueError(f"line {number} has {len(values)} values instead of {len(FIELDS)}")
        found.append(CanonicalRow(*values))
    return head[1], tuple(found)


def _line(values: Sequence[str]) -> str:
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"every value is a text: {values!r}")
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def _parsed(content: bytes) -> list[list[str]]:
    if not content.endswith(b"\n"):
        raise ValueError("the last line has no end")
    lines = []
    # A line feed is the only end of a line: U+2028 and its like stand inside texts.
    for number, line in enumerate(content.decode("utf-8").removesuffix("\n").split("\n"), start=1):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is no JSON") from error
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError(f"line {number} is no array of texts")
        lines.append(values)
    return lines
