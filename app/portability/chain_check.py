"""The chains of an archive against its staged rows: every link follows, every row is what its link says."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.audit.imported import Renumbering
from app.models import LinkKind
from app.models.chained import BY_DIGEST
from app.platform.chain_digests import (
    BEGINNING,
    Member,
    canonical,
    commitment,
    digest,
    emptied,
    is_empty,
    read_json,
    read_members,
    row_digest,
)
from app.portability.carried import CHAINED_AND_CARRIED, file_of
from app.portability.encoding import LARGEST_BIG, UnreadableError, check_moment, moment
from app.portability.staging import Stage
from app.portability.told import Told
from app.portability.writing import LINKS, SALTS, chain_files

_NAMES = {"chain", "column_names", "kind", "linked_at", "members", "position", "previous_hash", "table_name"}
Lines = Mapping[str, Iterator[tuple[int, Any]]]


def check_chains(stage: Stage, told: Told, lines: Lines, latest: datetime) -> None:
    """Raise UnreadableError at the first link or row that does not hold; `latest`: when a link may be of, at most."""
    archives = [row for _, row in stage.rows("imported_archive")]
    if len(archives) != told.nested:
        raise UnreadableError("manifeste.json : ses chaînes ne sont pas celles des archives d’avant")
    head = _Chain(stage, told.number, LINKS, SALTS, [], latest, is_own=True).run(lines)
    if head != (told.head_position, told.head_hash):
        raise UnreadableError(f"{LINKS} : son dernier maillon n’est pas celui que dit manifeste.json")
    for table in CHAINED_AND_CARRIED:
        line = stage.unlinked(table)
        if line is not None:
            raise UnreadableError(f"{file_of(table)}, ligne {line} : aucun maillon de la chaîne n’est sur elle")
    for place, archive in enumerate(archives):
        # From the newest journey back to the one whose chain this is.
        try:
            ways = [Renumbering(item["keys"]) for item in reversed(archives[place:])]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableError(f"{file_of('imported_archive')} : ses numéros ne se lisent pas") from error
        named = chain_files(place + 1)
        head = _Chain(stage, archive["origin_chain"], *named, ways, latest, is_own=False).run(lines)
        if head != (archive["head_position"], archive["head_hash"]):
            raise UnreadableError(f"{named[0]} : son dernier maillon n’est pas celui que dit l’archive d’alors")


class _Chain:
    def __init__(
        self, stage: Stage, number: int, links: str, salts: str, ways: Sequence[Renumbering], latest: datetime, *,
        is_own: bool,
    ) -> None:  # fmt: skip
        self._stage, self._number, self._links, self._salts = stage, number, links, salts
        self._ways, self._latest, self._is_own = ways, latest, is_own

    def run(self, lines: Lines) -> tuple[int, str]:
        """Position and hash of the last link."""
        salts = _Salts(lines[self._salts], self._salts)
        position, before = 0, BEGINNING
        announced: Any = {}
        sealed: dict[str, int] = {}
        for line, link in lines[self._links]:
            where = f"{self._links}, ligne {line}"
            _check_link(link, where, self._latest)
            if link["previous_hash"] != before or link["position"] != position + 1 or link["chain"] != self._number:
                raise UnreadableError(f"{where} : ce maillon ne suit pas celui d’avant")
            position, before = position + 1, digest(canonical(link))
            if link["kind"] == LinkKind.SEAL:
                announced = _object(link["members"], where)
                continue
            members = self._members(link, where)
            if link["kind"] == LinkKind.SEALED:
                sealed[link["table_name"]] = sealed.get(link["table_name"], 0) + len(members)
            of_link = salts.of(position)
            for member in members:
                self._member(link, member, of_link, where)
        salts.end()
        if announced != sealed:
            raise UnreadableError(f"{self._links}, ligne 1 : les faits scellés ne sont pas ceux qu’elle annonce")
        return position, before

    def _members(self, link: Mapping[str, Any], where: str) -> list[Member]:
        if link["table_name"] not in CHAINED_AND_CARRIED:
            raise UnreadableError(f"{where} : table inconnue « {link['table_name'][:40]} »")
        try:
            return read_members(link["members"])
        except ValueError as error:
            raise UnreadableError(f"{where} : ses faits ne se lisent pas") from error

    def _member(self, link: Mapping[str, Any], member: Member, salts: Mapping[str, Any], where: str) -> None:
        table = link["table_name"]
        number: int | None = member.key
        for way in reversed(self._ways):
            number = way.here(table, number) if number is not None else None
        # Numbers that are added up may lead further than any row has one.
        is_number = number is not None and abs(number) <= LARGEST_BIG
        row = self._stage.row(table, number) if number is not None and is_number else None
        if row is None or number is None:
            raise UnreadableError(f"{where} : {file_of(table)} n’a pas la ligne n° {member.key}")
        place = self._stage.place(table, number)
        told = f"{file_of(table)}, ligne {place[0] if place else 0}"
        if self._is_own and not self._stage.link(table, number):
            raise UnreadableError(f"{told} : deux maillons sont sur elle")
        for way in self._ways:
            row = way.row_there(table, row)
        fixed, _, texts = link["column_names"].partition("|")
        names = [name for name in fixed.split(",") if name]
        words = [name for name in texts.split(",") if name]
        if any(name not in row for name in (*names, *words)) or set(names) & set(BY_DIGEST.get(table, ())):
            raise UnreadableError(f"{where} : elle nomme une colonne que la table n’a pas")
        for name in words:
            if not self._is_well(table, number, name, row[name], member, salts):
                raise UnreadableError(f"{told} : le texte ({name}) n’est pas celui de son maillon ({where})")
        if row_digest(table, {name: row[name] for name in names}, member.commitments) != member.digest:
            raise UnreadableError(f"{told} : elle n’est pas ce que dit son maillon ({where})")

    def _is_well(
        self, table: str, number: int, name: str, value: Any, member: Member, salts: Mapping[str, Any]
    ) -> bool:
        committed = member.commitments.get(name)
        if committed is None:
            return is_empty(value)
        of_row = salts.get(str(member.key))
        salt = of_row.get(name) if isinstance(of_row, dict) else None
        if salt is None:
            return value == emptied(value) and self._stage.is_erased(table, number, name)
        try:
            return isinstance(salt, str) and commitment(salt, value) == committed
        except ValueError:
            return False


def _check_link(link: Any, where: str, latest: datetime) -> None:
    numbers = ("chain", "position")
    if (
        not isinstance(link, dict) or link.keys() != _NAMES
        or any(type(link[name]) is not (int if name in numbers else str) for name in _NAMES)
        or len(link["kind"]) > 10 or len(link["table_name"]) > 60 or len(link["previous_hash"]) != 64
        or link["kind"] not in (LinkKind.FACTS, LinkKind.SEAL, LinkKind.SEALED)
    ):  # fmt: skip
        raise UnreadableError(f"{where} : ce n’est pas un maillon")
    try:
        check_moment(moment(link["linked_at"]), latest)
    except UnreadableError as error:
        raise UnreadableError(f"{where} : {error}") from error


def _object(text: str, where: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise UnreadableError(f"{where} : ses nombres ne se lisent pas") from error


class _Salts:
    """The salts of a chain, read beside its links: both are in the order of their positions."""

    def __init__(self, lines: Iterator[tuple[int, Any]], name: str) -> None:
        self._lines, self._name = lines, name
        self._next = self._read()

    def _read(self) -> tuple[int, dict[str, Any]] | None:
        for line, value in self._lines:
            is_well = isinstance(value, dict) and value.keys() == {"position", "salts"}
            if not is_well or type(value["position"]) is not int or not isinstance(value["salts"], dict):
                raise UnreadableError(f"{self._name}, ligne {line} : ce ne sont pas des sels")
            return value["position"], value["salts"]
        return None

    def of(self, position: int) -> Mapping[str, Any]:
        """Those of a link; none."""
        if self._next is None or self._next[0] != position:
            return {}
        found = self._next[1]
        self._next = self._read()
        return found

    def end(self) -> None:
        """Refuse salts of links that there are not."""
        if self._next is not None:
            raise UnreadableError(f"{self._name} : des sels ne sont d’aucun maillon")
