"""What the columns of a row say of an earlier transcoding."""

from collections.abc import Mapping

from app.files.loinc_cells import CellFinding, read_code
from app.memory.schemas import EarlierMapping


def statement_of(values: Mapping[str, str], name: str = "earlier_code") -> EarlierMapping | None:
    """What these values (field -> cell) say in the column of codes `name`; None when they say nothing."""
    written = values.get(name, "").strip() or values.get("earlier_alternate_code", "").strip()
    cell = read_code(written)
    reason = values.get("earlier_reason", "").strip()
    finding = cell.finding
    if finding is CellFinding.EMPTY:
        if not reason:
            return None
        # Somebody wrote why there is no code.
        finding = CellFinding.NO_CODE
    return EarlierMapping(
        local_code=values.get("code", ""),
        label=values.get("label", ""),
        loinc_num=cell.code,
        relation=values.get("earlier_relation", ""),
        comment=values.get("earlier_comment", ""),
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
        author=values.get("earlier_author", ""),
        dated=values.get("earlier_date", ""),
    )
