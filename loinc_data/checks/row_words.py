"""The words of the rows that are no test or name several: known classes, a reason where one is shown, no doubles."""

from collections.abc import Iterator, Sequence

from loinc_data.checks.problem import Problem, Row
from matcher.rowwords import ALONE, DISCIPLINE, OF_ROWS, RECORD, STATE, STEM, THING
from matcher.sets import OF_SETS

_SHOWN = frozenset({RECORD, THING, STATE, DISCIPLINE, ALONE})
_SHORTEST_STEM = 4


def check_row_words(rows: Sequence[Row]) -> Iterator[Problem]:
    """Every problem of the table of words."""
    seen: dict[tuple[str, str], Row] = {}
    for row in rows:
        word, name = row["word"], row["class"]
        if name not in OF_ROWS | OF_SETS:
            yield row.error("vocabulary", "class", f"« {name} » n'est pas une classe de mots")
        if (name in _SHOWN) != bool(row["reason"]):
            message = "classe sans explication" if name in _SHOWN else "explication qui n'est jamais montrée"
            yield row.error("reason", "reason", f"« {word} » : {message}")
        # Labels are folded before their words are looked up: capitals and accents never match.
        if not word or word != word.lower() or not word.isascii():
            yield row.error("word", "word", f"« {word} » : majuscules ou accents, le libellé est comparé sans eux")
        if word.endswith(STEM) and len(word.rstrip(STEM)) < _SHORTEST_STEM:
            yield row.error("word", "word", f"« {word} » : un début de mot a {_SHORTEST_STEM} lettres au moins")
        first = seen.setdefault((word, name), row)
        if first is not row:
            yield row.warning("duplicate", "word", f"« {word} » est déjà ligne {first.line}")
