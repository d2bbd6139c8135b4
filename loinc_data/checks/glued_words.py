"""The pieces that laboratory systems glue together: known roles, something to read, no doubles."""

from collections.abc import Iterator, Sequence

from loinc_data.checks.problem import Problem, Row
from matcher.glued import HEAD, LEAD, TAIL
from matcher.normalise.text import fold, words

ROLES = (HEAD, LEAD, TAIL)


def check_glued_words(rows: Sequence[Row]) -> Iterator[Problem]:
    """Every problem of the table of pieces."""
    seen: dict[tuple[str, str, tuple[str, ...]], Row] = {}
    for row in rows:
        piece, role, reads = fold(row["piece"]), row["role"], words(row["reads"])
        if role not in ROLES:
            yield row.error("vocabulary", "role", f"« {role} » n'est pas un rôle : {', '.join(ROLES)}")
        # A word of a label is looked up folded and whole: a piece with a space or an accent is never found.
        if not piece.isalnum() or piece != row["piece"].lower():
            yield row.error("word", "piece", f"« {row['piece']} » : des lettres sans accent et des chiffres")
        if not reads:
            yield row.error("dead", "reads", f"« {row['piece']} » ne se lit comme rien")
        first = seen.setdefault((piece, role, reads), row)
        if first is not row:
            yield row.warning("duplicate", "piece", f"« {row['piece']} » est déjà ligne {first.line}")
