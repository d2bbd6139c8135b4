"""The facts of a pack, read from its CSV files alone; only the standard library (see `recompute`)."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Row = dict[str, str]
MOST_LINES, LONGEST_RECORD = 400_000, 1 << 20
"""Lines of a table, and characters of a record: more than any catalogue has."""


class FactsError(ValueError):
    """A file of facts cannot be read; the message says which and where, in French."""


def read_csv(name: str, content: bytes, heads: Sequence[str] = ()) -> list[Row]:
    """The lines of a file of facts, each a dictionary by heading; the guarding apostrophe is taken off.

    With `heads`, exactly these. Raises FactsError for what is no such file, or holds more than any catalogue.
    """
    found: list[Row] = []
    names: list[str] = []
    number = 0
    try:
        paced = _Paced(content.decode("utf-8-sig"))
        for number, line in enumerate(csv.reader(paced, delimiter=";", strict=True), start=1):
            paced.held = 0
            if number == 1:
                names = line
                if not names or (heads and names != list(heads)):
                    raise FactsError(f"{name}, ligne 1 : ce ne sont pas les colonnes attendues")
                continue
            if len(line) != len(names):
                raise FactsError(f"{name}, ligne {number} : {len(line)} colonnes au lieu de {len(names)}")
            if number > MOST_LINES:
                raise FactsError(f"{name} : plus de {MOST_LINES} lignes")
            found.append({head: bare(cell) for head, cell in zip(names, line, strict=True)})
    except (UnicodeDecodeError, csv.Error) as error:
        raise FactsError(f"{name}, après la ligne {number} : ce n'est pas un CSV en UTF-8 ({error})") from error
    if not names:
        raise FactsError(f"{name} : le fichier est vide")
    return found


def bare(cell: str) -> str:
    """The text of a cell as it was before an apostrophe guarded it."""
    return cell[1:] if cell[:1] == "'" else cell


class _Paced:
    """The lines of a text, as long as one record of it is no longer than any of ours."""

    def __init__(self, text: str) -> None:
        self._lines = iter(io.StringIO(text, newline=""))
        self.held = 0

    def __iter__(self) -> "_Paced":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.held += len(line)
        if self.held > LONGEST_RECORD:
            raise csv.Error("ligne trop longue")
        return line


@dataclass(slots=True)
class Facts:
    """The tables, as read."""

    state: dict[str, str]
    rows: list[Row]
    decisions: list[Row]
    changes: list[Row]
    exams: list[Row]
    readings: list[Row]
    reconciliations: list[Row]
    grace: list[Row]
    releases: list[Row]
    codes: list[Row]
    definitions: list[Row]
    signatures: list[Row]
    people: list[Row]
    effective_run: list[Row] = field(default_factory=list)
    """One line where a run of emitted reports stood at the moment of the state; these three are empty otherwise."""
    effective_counts: list[Row] = field(default_factory=list)
    effective_clusters: list[Row] = field(default_factory=list)

    @property
    def now(self) -> str:
        """The moment of the state that the pack tells."""
        return self.state["stated_at"]


def read_facts(contents: Mapping[str, bytes], heads: Mapping[str, Sequence[str]] | None = None) -> Facts:
    """The facts of a pack; `contents` and the columns by the names of the tables (`rows`, `decisions`…)."""
    tables = {
        name: read_csv(f"faits/{name}.csv", content, (heads or {}).get(name, ())) for name, content in contents.items()
    }
    state = {line["name"]: line["value"] for line in tables.pop("state")}
    return Facts(state=state, **tables)
