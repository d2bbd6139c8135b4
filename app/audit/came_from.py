"""The chains of elsewhere: those that laboratories came with, and those of laboratories that were closed here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, inspect, select

from app.audit.imported import Renumbering
from app.models import metadata

_archives, _closed = metadata.tables["imported_archive"], metadata.tables["closed_laboratory"]
NOWHERE = -1
"""The number of a row that a chain names and that did not come: no row has it."""


@dataclass(frozen=True, slots=True)
class _End:
    """How a chain ended."""

    name: str
    position: int
    hash: str


@dataclass(slots=True)
class _Arrived:
    """A chain that a laboratory came with."""

    laboratory_id: int
    origin: int
    position: int
    hash: str
    ways: list[Renumbering]
    """From the newest journey back to the one whose chain it is."""
    linked: dict[str, set[int]] = field(default_factory=dict)


class Came:
    """What the verification knows of chains that are not of here."""

    def __init__(self, connection: Connection) -> None:
        self.chains: dict[int, _Arrived] = {}
        self.closed: dict[int, _End] = {}
        if not inspect(connection).has_table(_archives.name):
            return
        ways: dict[int, list[Renumbering]] = {}
        for row in connection.execute(select(_archives).order_by(_archives.c.id.desc())).mappings():
            of_laboratory = ways.setdefault(row["laboratory_id"], [])
            of_laboratory.append(Renumbering(row["keys"]))
            self.chains[-row["id"]] = _Arrived(
                row["laboratory_id"], row["origin_chain"], row["head_position"], row["head_hash"], list(of_laboratory)
            )
        for row in connection.execute(select(_closed)).mappings():
            name = f"laboratoire fermé « {row['name']} »"
            self.closed[row["number"]] = _End(name, row["head_position"], row["head_hash"])

    def names(self, laboratories: Mapping[int, str]) -> dict[int, str]:
        """What each chain that came in is called."""
        return {
            chain: f"{laboratories.get(arrived.laboratory_id, '?')} (autre installation)"
            for chain, arrived in self.chains.items()
        }

    def told_as(self, chain: int) -> int:
        """The number that a chain had where it was made."""
        return self.chains[chain].origin if chain in self.chains else chain

    def laboratory(self, chain: int) -> int:
        """Whose facts a chain is over, by the number of here."""
        return self.chains[chain].laboratory_id if chain in self.chains else chain

    def here(self, chain: int, table: str, key: int) -> int:
        """The number here of a row that a link names."""
        number: int | None = key
        for way in reversed(self.chains[chain].ways if chain in self.chains else ()):
            number = way.here(table, number) if number is not None else None
        return NOWHERE if number is None else number

    def there(self, chain: int, table: str, here: int) -> int | None:
        """The number by which a chain names a row of here; None when it does not."""
        number: int | None = here
        for way in self.chains[chain].ways:
            number = way.there(table, number) if number is not None else None
        return number

    def of_laboratory(self, laboratory_id: int) -> list[int]:
        """The chains that a laboratory came with."""
        return [chain for chain, arrived in self.chains.items() if arrived.laboratory_id == laboratory_id]

    def row_there(self, chain: int, table: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row as the chain says it."""
        for way in self.chains[chain].ways if chain in self.chains else ():
            row = way.row_there(table, row)
        return row

    def linked(self, chain: int, table: str) -> set[int]:
        """The rows over which a link of a chain that came in was found."""
        if chain not in self.chains:
            return set()
        return self.chains[chain].linked.setdefault(table, set())
