"""The columns that this product adds to a file that it completes: how they are called, and found again when it comes
back.

A file may have come with LOINC codes of its own: the added headings then say that theirs are the approved ones. Read
again, the columns that were added last count, whatever stands in others.
"""

import re
from collections.abc import Collection, Sequence

from app.files.earlier_fields import EARLIER_FIELDS
from app.files.fields import fold_heading

COMPLETED = (
    "Code LOINC",
    "Nom LOINC",
    "Relation",
    "Commentaire",
    "Décidé par",
    "Approuvé par",
    "Date d'approbation",
    "Version LOINC",
)
"""What is added to a file without LOINC codes."""
APPROVED = "Transcodage approuvé"
"""How the added headings begin where a file came with LOINC codes."""
_FIELDS = (
    "earlier_code", "earlier_name", "earlier_relation", "earlier_comment", "earlier_author", "", "earlier_date", "",
)  # fmt: skip
"""What each of these columns says of an earlier transcoding."""
_FOLDED = tuple(map(fold_heading, COMPLETED))
_PREFIXED = re.compile(rf"{fold_heading(APPROVED)}(?: (\d+))? (.+)")
_PAIRS = (
    (
        ("code loinc chapitre", "libelle loinc chapitre", "code loinc sous chapitre", "libelle loinc sous chapitre"),
        ("earlier_code", "earlier_name", "earlier_subchapter_code", ""),
    ),
    (("code loinc examen", "libelle loinc examen"), ("earlier_code", "earlier_name")),
    (("code loinc analyse", "libelle loinc analyse"), ("earlier_code", "earlier_name")),
)
"""The columns of LOINC_4, LOINC_5 and LOINC_6."""


def added_headings(received: Sequence[str], *, has_codes: bool) -> tuple[str, ...]:
    """The headings to add: none is among those received, and they say so where other LOINC codes stand beside them."""
    folded = [fold_heading(heading) for heading in received]
    numbers = [int(found[1] or 1) for heading in folded if (found := _PREFIXED.fullmatch(heading))]
    if not has_codes and not numbers and not {*_FOLDED[:2]} & {*folded}:
        return COMPLETED
    number = max(numbers, default=0) + 1
    start = APPROVED if number == 1 else f"{APPROVED} ({number})"
    return tuple(f"{start} : {heading[0].lower()}{heading[1:]}" for heading in COMPLETED)


def with_own_columns(
    columns: dict[str, int], headings: Sequence[str], with_codes: Collection[int]
) -> dict[str, int]:
    """The columns, what tells of an earlier transcoding read where this product wrote it last.

    `with_codes` are the columns whose cells hold LOINC codes. What stands in other columns speaks of other codes.
    """
    folded = [fold_heading(heading) for heading in headings]
    found = _last_set(folded) or _last_pair(folded, with_codes)
    if not found:
        return columns
    own = {name: column for name, column in found.items() if name}
    kept = {name: column for name, column in columns.items() if name not in EARLIER_FIELDS}
    return {name: column for name, column in kept.items() if column not in own.values()} | own


def _last_set(folded: Sequence[str]) -> dict[str, int]:
    """Field -> column of the columns that were added last to a file « reçu, complété »."""
    numbered: dict[int, dict[str, int]] = {}
    for column, heading in enumerate(folded):
        match = _PREFIXED.fullmatch(heading)
        if match and match[2] in _FOLDED:
            numbered.setdefault(int(match[1] or 1), {})[_FIELDS[_FOLDED.index(match[2])]] = column
    # Their number says which came last, wherever a person has moved them since.
    for number in sorted(numbered, reverse=True):
        if "earlier_code" in numbered[number]:
            return numbered[number]
    return _placed(_FIELDS, max(_starts(folded, _FOLDED), default=-1))


def _last_pair(folded: Sequence[str], with_codes: Collection[int]) -> dict[str, int]:
    """The same of LOINC_4, 5 or 6 where several of its columns hold codes; a pair that holds none says nothing."""
    for names, fields in _PAIRS:
        starts = _starts(folded, names)
        held = [start for start in starts if start in with_codes]
        if held and len(set(with_codes) - {start + 2 for start in held if len(names) > 2}) > 1:
            return _placed(fields, held[-1])
    return {}


def _starts(folded: Sequence[str], names: Sequence[str]) -> list[int]:
    """Where these headings stand one after the other."""
    size = len(names)
    return [start for start in range(len(folded) - size + 1) if tuple(folded[start : start + size]) == tuple(names)]


def _placed(fields: Sequence[str], start: int) -> dict[str, int]:
    return {name: start + place for place, name in enumerate(fields)} if start >= 0 else {}
