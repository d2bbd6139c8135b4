"""The canonical content of a mapping, made from the facts of a pack alone."""

from app.claims.past_facts import State, moment_of
from app.claims.reading_facts import Row
from app.claims.recompute import Moment
from app.versions.canonical import CanonicalRow, canonical_content

CONTENT = "contenu/transcodage.jsonl"


def content_of(moment: Moment) -> bytes:
    """The canonical content of what the pack tells: every row in use, at every level.

    A row that the newest export does not hold is in use as long as an approved code speaks of it, and no other row has
    its local code.
    """
    facts = moment.facts
    chapters = {item.row["row"]: item.chapter for item in moment.rows}
    decided = moment.decided()
    version = next((line["version"] for line in facts.releases if line["release"] == moment.release), "")
    held = {_key(line) for line in facts.rows if not line["retired_at"]}
    rows = []
    for line in facts.rows:
        state = decided.get(line["row"], State())
        is_kept = state.status == "approved" and state.code and _key(line) not in held
        if not line["retired_at"] or is_kept:
            rows.append(_canonical(line, state, chapters.get(line["row"]) or _section_of(line)))
    return canonical_content(version, rows)


def _key(line: Row) -> tuple[str, str, str]:
    code = " ".join(line["code"].split())
    if not code:
        return line["level"], "", f"\0{line['row']}"
    # A sub-chapter code may serve several chapters.
    return line["level"], line["chapter_code"].strip() if line["level"] == "subchapter" else "", code


def _section_of(line: Row) -> str:
    """A chapter is in itself, a sub-chapter in its chapter."""
    if line["level"] == "chapter":
        return line["label"]
    return (line["chapter"] or line["chapter_code"]) if line["level"] == "subchapter" else ""


def _canonical(line: Row, state: State, chapter: str) -> CanonicalRow:
    choice, approval = state.choice or {}, state.approval or {}
    justifications = (choice.get("justification", ""), approval.get("justification", ""))
    return CanonicalRow(
        level=line["level"],
        code=line["code"],
        occurrence=line["occurrence"],
        label=line["label"],
        chapter=chapter,
        specimen=line["specimen"] or line["specimen_code"],
        unit=line["unit"] or line["unit_code"],
        technique=line["technique"],
        status=state.status,
        outcome=state.outcome,
        loinc_num=state.code,
        relation=choice.get("relation", ""),
        reason=choice.get("reason", ""),
        justification="\n".join(dict.fromkeys(text for text in justifications if text)),
        approved_by=approval.get("author", ""),
        approved_at=moment_of(approval["at"]).isoformat(timespec="microseconds") if approval else "",
    )
