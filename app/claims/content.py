"""The canonical content of a mapping, made from the facts of a pack alone."""

from app.claims.past_facts import moment_of
from app.claims.recompute import Moment
from app.versions.canonical import CanonicalRow, canonical_content

CONTENT = "contenu/transcodage.jsonl"


def content_of(moment: Moment) -> bytes:
    """The canonical content of what the pack tells: every row that the newest export holds, at every level."""
    facts = moment.facts
    chapters = {item.row["row"]: item.chapter for item in moment.rows}
    decided = moment.decided()
    version = next((line["version"] for line in facts.releases if line["release"] == moment.release), "")
    rows = []
    for line in facts.rows:
        if line["retired_at"]:
            continue
        state = decided.get(line["row"])
        choice = state.choice if state else None
        approval = state.approval if state else None
        rows.append(
            CanonicalRow(
                level=line["level"],
                code=line["code"],
                occurrence=line["occurrence"],
                label=line["label"],
                chapter=chapters.get(line["row"], line["chapter"]),
                specimen=line["specimen"],
                unit=line["unit"],
                technique=line["technique"],
                status=state.status if state else "todo",
                outcome=state.outcome if state else "",
                loinc_num=state.code if state else "",
                relation=choice["relation"] if choice else "",
                reason=choice["reason"] if choice else "",
                justification=choice["justification"] if choice else "",
                approved_by=approval["author"] if approval else "",
                approved_at=_iso(approval["at"]) if approval else "",
            )
        )
    return canonical_content(version, rows)


def _iso(moment: str) -> str:
    return moment_of(moment).isoformat()
