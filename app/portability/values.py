"""What the rows of an archive may say, beyond the kind of each column. Pure.

Whoever forges an archive computes its hashes again: every value that pages, figures or journals read is one that the
workbench itself writes there, or the archive is refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column

from app.models.chained import ERASABLE
from app.platform.chain_digests import emptied
from app.portability.encoding import UnreadableError, check_moment, kind_of
from app.portability.shapes import BELOW_NOTHING, SHAPES, WORDS, fits, form_of


def check_value(name: str, column: str, value: Any, latest: datetime) -> None:
    """Raise UnreadableError for a word, a text, a number or a moment that the workbench never writes in this column.

    `latest`: when a fact may have been written, at most.
    """
    words = WORDS.get((name, column))
    if words is not None and value not in words:
        raise UnreadableError(f"colonne {column} : « {str(value)[:40]} » n’est pas un de ses mots")
    if value is None and column == "laboratory_id":
        # It would be a fact of the whole installation.
        raise UnreadableError(f"colonne {column} : le laboratoire est attendu")
    if isinstance(value, str):
        form = form_of(name, column)
        if form is not None and not form.fullmatch(value):
            raise UnreadableError(f"colonne {column} : « {value[:40]} » n’est pas de sa forme")
    elif isinstance(value, datetime):
        try:
            check_moment(value, latest)
        except UnreadableError as error:
            raise UnreadableError(f"colonne {column} : {error}") from error
    elif type(value) is int and value < 0 and column not in BELOW_NOTHING:
        raise UnreadableError(f"colonne {column} : un nombre de zéro ou plus est attendu")


def is_erased_form(table: str, column: str, value: Any) -> bool:
    """Whether a value is what an erasure leaves; that one erased it is for the chain to say."""
    return column in ERASABLE.get(table, ()) and value == emptied(value)


def of_before(table: str, column: Column[Any]) -> tuple[Any, ...]:
    """What a column says of rows that an archive of before it has: nothing, or what it says of itself; empty when it
    must be said. A column that a link names is part of its digest: none can be left out of a fact unseen."""
    if column.nullable:
        return () if column.name == "laboratory_id" else (None,)
    if kind_of(column) is JSON:
        empty: Any = {"array": [], "object": {}}.get(SHAPES[table, column.name].get("type", ""))
        return (empty,) if fits(SHAPES[table, column.name], empty) else ()
    default: Any = column.default
    return (default.arg,) if default is not None and default.is_scalar else ()


def refuse_strange(table: str, line: int, given: Mapping[str, Any], known: Mapping[str, Column[Any]]) -> None:
    strange = [name for name in given if name not in known]
    if strange:
        said = "l’archive est peut-être d’une version plus récente"
        raise UnreadableError(f"ligne {line} : colonne inconnue « {strange[0][:40]} » ; {said}")
    missing = [name for name, column in known.items() if name not in given and not of_before(table, column)]
    if missing:
        raise UnreadableError(f"ligne {line} : la colonne {missing[0]} manque")

