"""What the columns of a row say of an earlier transcoding."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from app.files.fields import fold_heading
from app.files.loinc_cells import CellFinding, read_code
from app.memory.schemas import EarlierMapping
from app.text import iso_day

_MILLISECONDS = re.compile(r"\d{12,13}")

SETTLED = {
    "aucun code LOINC n'existe (approuvé)": CellFinding.NO_CODE,
    "hors périmètre (approuvé)": CellFinding.OUT_OF_SCOPE,
}
"""How the decision workbook says that a row has no code and needs none; the reason follows behind a colon."""

COMMENT_BEHIND = " — Commentaire : "
"""What parts a reason from a comment where both stand in one cell."""
NO_CODE_RELATIONS = frozenset(
    {"unmatched", "no map", "nomap", "no match", "sans correspondance", "aucune correspondance"}
)
"""Relations that say, beside an empty cell, that there is no code."""


def settled_as(reason: str) -> tuple[CellFinding, str]:
    """What is settled, and the reason alone; nothing is where the words are not those of this product."""
    for label, finding in SETTLED.items():
        if reason == label or reason.startswith(f"{label} : "):
            return finding, reason.removeprefix(label).removeprefix(" : ")
    return CellFinding.EMPTY, reason


def day_of(written: str) -> str:
    """A day as its file says it; Usagi counts the milliseconds since 1970."""
    if not _MILLISECONDS.fullmatch(written):
        return written
    return iso_day(datetime.fromtimestamp(int(written) / 1000, UTC))


def _unguarded(text: str) -> str:
    """A text without the apostrophe by which this product keeps spreadsheets from taking it for a formula."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@" else text


def statement_of(values: Mapping[str, str], name: str = "earlier_code") -> EarlierMapping | None:
    """What these values (field -> cell) say in the column of codes `name`; None when they say nothing."""
    written = values.get(name, "").strip() or values.get("earlier_alternate_code", "").strip()
    cell = read_code(written)
    reason, comment = values.get("earlier_reason", "").strip(), values.get("earlier_comment", "")
    finding = cell.finding
    if finding is CellFinding.EMPTY and fold_heading(values.get("earlier_relation", "")) in NO_CODE_RELATIONS:
        finding = CellFinding.NO_CODE
    if finding is CellFinding.EMPTY:
        # A reason alone says nothing, unless it is one that this product writes of a row that a biologist settled.
        finding, reason = settled_as(reason)
    if finding is CellFinding.EMPTY and not reason:
        # The received file that this product completes has no column for reasons: its comment says it all.
        finding, said = settled_as(_unguarded(comment))
        if finding is not CellFinding.EMPTY:
            reason, _, comment = said.partition(COMMENT_BEHIND)
    if finding is CellFinding.EMPTY:
        return None
    return EarlierMapping(
        local_code=values.get("code", ""),
        label=values.get("label", ""),
        loinc_num=cell.code,
        relation=values.get("earlier_relation", ""),
        comment=_unguarded(comment),
        unit=values.get("unit", "") or values.get("unit_code", ""),
        specimen=values.get("specimen", "") or values.get("specimen_code", ""),
        synonym=values.get("synonym", ""),
        technique=values.get("technique", ""),
        scale=values.get("scale", ""),
        timing=values.get("timing", ""),
        written=written,
        finding=finding,
        repair=cell.repair,
        reason=reason,
        status=values.get("earlier_status", "").strip(),
        author=values.get("earlier_author", ""),
        dated=day_of(values.get("earlier_date", "")),
    )
