"""Text compared without case or accents inside SQL: `folded(column)`."""

from typing import Any

from sqlalchemy import Connection, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from matcher.normalise.text import fold

FUNCTION = "fold_text"
"""Its name on both databases: on SQLite each connection brings it, on PostgreSQL it is stored in the database."""
_RANGES = (
    (0xA0, 0x250), (0x370, 0x400), (0x1E00, 0x1F00), (0x2000, 0x2070), (0x20A0, 0x20C0), (0x2100, 0x2190),
    (0x2200, 0x2270),
)  # fmt: skip
"""What French, German, Greek and typography may put in a catalogue; PostgreSQL leaves other scripts as they are."""


class folded(GenericFunction[str]):  # noqa: N801 - read as an SQL function
    """A text in lower case without accents, on the database's side."""

    type = String()
    inherit_cache = True


@compiles(folded)
def _folded(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{FUNCTION}({compiler.process(element.clauses, **options)})"


@compiles(folded, "postgresql")
def _folded_postgresql(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f'{FUNCTION}({compiler.process(element.clauses, **options)}) COLLATE "C"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _replacements() -> tuple[dict[str, str], dict[str, str]]:
    """What each character becomes: those that become one character or none, and those that become several."""
    one: dict[str, str] = {}
    several: dict[str, str] = {}
    for begin, end in _RANGES:
        for character in map(chr, range(begin, end)):
            # Between two digits nothing of its folded form is taken for a space, an elision or an abbreviation.
            became = fold(f"0{character}0")[1:-1]
            (one if len(became) <= 1 else several)[character] = became
    return one, several


def function_statement() -> str:
    """The function of PostgreSQL that folds as `matcher.normalise.text.fold` does; it needs no extension."""
    one, several = _replacements()
    # `translate` deletes what has no counterpart: those come last.
    ordered = sorted(one, key=lambda character: one[character] == "")
    pairs = ", ".join(f"[{_quoted(key)}, {_quoted(value)}]" for key, value in several.items())
    return rf"""
CREATE OR REPLACE FUNCTION {FUNCTION}(original text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $fold$
DECLARE
  plain text COLLATE "C" := coalesce(original, '');
  pair text[];
BEGIN
  IF plain ~ '[^\x01-\x7f]' THEN
    plain := translate(plain, {_quoted("".join(ordered))}, {_quoted("".join(one[key] for key in ordered))});
    IF plain ~ '[^\x01-\x7f]' THEN
      FOREACH pair SLICE 1 IN ARRAY ARRAY[{pairs}] LOOP
        plain := replace(plain, pair[1], pair[2]);
      END LOOP;
      IF plain ~ '[^\x01-\x7f]' THEN
        plain := translate(normalize(plain, NFKC), {_quoted("".join(ordered))},
          {_quoted("".join(one[key] for key in ordered))});
      END IF;
    END IF;
  END IF;
  plain := regexp_replace(lower(plain), '\y(?:[dljnsmt]|qu)[''`]', ' ', 'g');
  IF plain ~ '\y(?:[a-z]\.){{2}}' THEN
    plain := regexp_replace(plain, '\y((?:[a-z]\.){{2,}}[a-z]?)(?![a-z])', E'\x01\\1\x02', 'g');
    SELECT string_agg(
      CASE WHEN place = 1 THEN part
      ELSE replace(split_part(part, E'\x02', 1), '.', '') || split_part(part, E'\x02', 2) END, '' ORDER BY place)
    INTO plain FROM unnest(string_to_array(plain, E'\x01')) WITH ORDINALITY AS parts(part, place);
  END IF;
  RETURN btrim(regexp_replace(plain, '\s+', ' ', 'g'));
END $fold$"""


def create_function(connection: Connection) -> None:
    """Store the function in a PostgreSQL database, in place of an older one; used by a migration and by tests."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(function_statement(), execution_options={"no_parameters": True})


def register(connection: Any) -> None:
    """Give a new SQLite connection the function that `folded` calls."""
    connection.create_function(FUNCTION, 1, lambda text: fold(text or ""), deterministic=True)
