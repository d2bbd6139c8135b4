"""Whether every fact is what its transaction wrote: links recomputed, rows compared with them. Nothing here writes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, select
from sqlmodel import Session

from app.audit.came_from import Came
from app.audit.heads import Head, chain_name, laboratory_names, of_chain
from app.audit.shapes import misshapen, well_formed
from app.models import LinkKind, metadata
from app.models.chained import BY_DIGEST, CHAINED_TABLES, fact_table
from app.platform.chain_digests import (
    BEGINNING,
    LinkContent,
    Member,
    commitment,
    emptied,
    is_empty,
    read_json,
    read_members,
    row_digest,
)

LINKS_AT_ONCE = 200
ROWS_AT_ONCE = 500

_links, _salts, _heads, _erasures = (
    metadata.tables[name] for name in ("chain_link", "text_salt", "chain_head", "erasure")
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written, with its place."""

    kind: str
    """altered, removed, inserted, broken_link, cut, head, forged_state, forged_right, unreadable, protection."""
    sentence: str
    chain: str = ""
    table: str = ""
    row: int | None = None
    position: int | None = None


@dataclass(slots=True)
class Verdict:
    """What a verification read, and what it found."""

    links: int = 0
    facts: int = 0
    erased: int = 0
    """Texts that an erasure took away, as it says."""
    sealed: int = 0
    """Facts older than the chain, sealed as they were found."""
    heads: list[Head] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def verify(session: Session, kept: Sequence[Head] = ()) -> Verdict:
    """Read every link and every fact again, and compare; `kept`: heads kept outside, to compare the chains with."""
    return _Verification(session).run(kept)


class _Verification:
    def __init__(self, session: Session) -> None:
        self._connection: Connection = session.connection()
        self._names = laboratory_names(session)
        self._linked: dict[str, set[int]] = {name: set() for name in CHAINED_TABLES}
        self._erased = {
            (table, row, column)
            for table, row, column in self._connection.execute(
                select(_erasures.c.table_name, _erasures.c.row_id, _erasures.c.column_name)
            )
        }
        self._kept: dict[tuple[int, int], Head] = {}
        self._came = Came(self._connection)
        self._names |= self._came.names(self._names)
        self.verdict = Verdict()

    def run(self, kept: Sequence[Head]) -> Verdict:
        self._kept = {(head.chain, head.position): head for head in kept}
        for table in (_links, _salts, _heads, *(metadata.tables[name] for name in CHAINED_TABLES)):
            self._misshapen(table)
        stored = {row.chain: row for row in self._connection.execute(select(_heads).where(self._readable(_heads)))}
        found = set(self._connection.execute(select(_links.c.chain).where(self._readable(_links)).distinct()).scalars())
        for chain in sorted({*stored, *found, *self._came.chains, *(head.chain for head in kept)}):
            if not self._closed(chain, stored.get(chain)):
                self._chain(chain, stored.get(chain))
        for name in CHAINED_TABLES:
            self._unlinked(name)
            for column, of in BY_DIGEST.get(name, {}).items():
                self._contents(name, column, of)
        return self.verdict

    def _closed(self, chain: int, stored: Any) -> bool:
        """Whether it is the chain of a laboratory that was closed: of it, the installation keeps the head alone."""
        closed = self._came.closed.get(chain)
        if closed is None or stored is not None or chain in self._names:
            return False
        for (number, position), head in list(self._kept.items()):
            if number == chain:
                del self._kept[number, position]
                if position > closed.position or (position == closed.position and head.hash != closed.hash):
                    said = f"Chaîne {of_chain(closed.name)} : la tête gardée ({position}) n’est pas de la chaîne fermée"
                    self._find("head", said, chain, position=position)
        return True

    def _find(self, kind: str, sentence: str, chain: int | None = None, **place: Any) -> None:
        name = "" if chain is None else chain_name(chain, self._names)
        self.verdict.findings.append(Finding(kind, sentence, name, **place))

    def _readable(self, table: Table) -> ColumnElement[bool]:
        return well_formed(table, self._connection.dialect.name)

    def _misshapen(self, table: Table) -> None:
        for key, columns in misshapen(self._connection, table):
            number = ", ".join(str(value) for value in key.values())
            said = f"{table.name} n° {number} : valeur d’un autre type que celui de sa colonne ({', '.join(columns)})"
            row, position = key.get("id"), key.get("position")
            self._find(
                "unreadable", said, table=table.name,
                row=row if isinstance(row, int) else None, position=position if isinstance(position, int) else None,
            )  # fmt: skip

    # ---- links ------------------------------------------------------------------------------------------------

    def _chain(self, chain: int, stored: Any) -> None:
        name = chain_name(chain, self._names)
        position, previous = 0, BEGINNING
        sealed: dict[str, int] = {}
        announced: Mapping[str, int] = {}
        for links in self._pages(chain):
            whole = []
            for link in links:
                place = {"position": link.position}
                if link.position != position + 1:
                    missing = f"du maillon {position + 1} au maillon {link.position - 1}"
                    said = f"Chaîne {of_chain(name)} : il manque des maillons, {missing}"
                    self._find("removed", said, chain, **place)
                elif link.previous_hash != previous:
                    said = f"Chaîne {of_chain(name)} : le maillon {link.position} ne suit pas celui d’avant"
                    self._find("broken_link", said, chain, **place)
                position, previous = link.position, link.hash
                if not _is_whole(link, self._came.told_as(chain)):
                    about = link.table_name or "faits scellés"
                    said = f"Chaîne {of_chain(name)} : le maillon {link.position} ({about}) a été modifié"
                    self._find("broken_link", said, chain, **place)
                self._compare_head(link)
                self.verdict.links += 1
                if link.kind == LinkKind.SEAL:
                    announced = _counts(link.members)
                else:
                    whole.append(link)
            for link, members in self._members(whole):
                if link.kind == LinkKind.SEALED:
                    sealed[link.table_name] = sealed.get(link.table_name, 0) + len(members)
        if dict(announced) != sealed:
            said = f"Chaîne {of_chain(name)} : les faits scellés ne sont pas ceux que le premier maillon annonce"
            self._find("broken_link", said, chain, position=1)
        self.verdict.sealed += sum(sealed.values()) if chain >= 0 else 0
        arrived = self._came.chains.get(chain)
        if arrived is not None and (position, previous) != (arrived.position, arrived.hash):
            said = f"Chaîne {of_chain(name)} : sa fin n’est pas celle que dit son arrivée"
            self._find("head", said, chain, position=position)
        self._end(chain, name, position, previous, stored)

    def _end(self, chain: int, name: str, position: int, last: str, stored: Any) -> None:
        if stored is None or (stored.position, stored.hash) != (position, last):
            if stored is not None and stored.position > position:
                gone = f"du maillon {position + 1} au maillon {stored.position}"
                said = f"Chaîne {of_chain(name)} : sa fin a été coupée, {gone}"
                self._find("cut", said, chain, position=position + 1)
            elif position:
                said = f"Chaîne {of_chain(name)} : sa tête n’est pas son dernier maillon"
                self._find("head", said, chain, position=position)
        if position:
            self.verdict.heads.append(Head(chain, name, position, last))
        for head in [head for (number, _), head in self._kept.items() if number == chain]:
            end = f"elle s’arrête au maillon {position}, avant la tête gardée ({head.position})"
            said = f"Chaîne {of_chain(name)} : {end}"
            self._find("cut", said, chain, position=position + 1)

    def _compare_head(self, link: Any) -> None:
        kept = self._kept.pop((link.chain, link.position), None)
        if kept is not None and kept.hash != link.hash:
            name = chain_name(link.chain, self._names)
            said = f"Chaîne {of_chain(name)} : récrite, son maillon {link.position} n’est plus celui de la tête gardée"
            self._find("head", said, link.chain, position=link.position)

    def _pages(self, chain: int) -> Iterator[Sequence[Any]]:
        last = 0
        while True:
            statement = select(
                _links, _salts.c.salts
            ).outerjoin(
                _salts,
                (_salts.c.chain == _links.c.chain) & (_salts.c.position == _links.c.position) & self._readable(_salts),
            )  # fmt: skip
            statement = statement.where(_links.c.chain == chain, _links.c.position > last, self._readable(_links))
            links = self._connection.execute(statement.order_by(_links.c.position).limit(LINKS_AT_ONCE)).all()
            if not links:
                return
            yield links
            last = links[-1].position

    # ---- facts ------------------------------------------------------------------------------------------------

    def _members(self, links: Sequence[Any]) -> Iterator[tuple[Any, list[Member]]]:
        """Compare the facts of links with them, read some hundreds at a time; the links with their members."""
        read: list[tuple[Any, list[Member]]] = []
        wanted: dict[str, set[int]] = {}
        for link in links:
            if link.table_name not in self._linked:
                self._find("broken_link", f"Maillon {link.position} : table inconnue « {link.table_name} »", link.chain,
                           position=link.position)  # fmt: skip
                continue
            try:
                members = read_members(link.members)
            except ValueError:
                # Its hash said already that it was changed.
                continue
            read.append((link, members))
            wanted.setdefault(link.table_name, set()).update(
                self._came.here(link.chain, link.table_name, member.key) for member in members
            )
        rows = {name: self._rows(name, keys) for name, keys in wanted.items()}
        for link, members in read:
            salts = _salts_of(link.salts)
            for member in members:
                key = self._came.here(link.chain, link.table_name, member.key)
                self._member(link, member, key, rows[link.table_name].get(key), salts.get(str(member.key), {}))
            yield link, members

    def _rows(self, name: str, keys: Iterable[int]) -> dict[int, RowMapping | None]:
        """Key -> row, None for one that cannot be read; a row that is gone is missing."""
        facts = fact_table(name)
        wanted = sorted(keys)
        found: dict[int, RowMapping | None] = {}
        for start in range(0, len(wanted), ROWS_AT_ONCE):
            part = wanted[start : start + ROWS_AT_ONCE]
            try:
                rows = self._connection.execute(facts.by_key, {"keys": part}).mappings().all()
                found.update((row[facts.key.name], row) for row in rows)
            except (ValueError, TypeError):
                # A value that is not of the type of its column: which row it is.
                found.update(self._one_by_one(name, part))
        return found

    def _one_by_one(self, name: str, keys: Iterable[int]) -> Iterator[tuple[int, RowMapping | None]]:
        facts = fact_table(name)
        for key in keys:
            try:
                row = self._connection.execute(facts.by_key, {"keys": [key]}).mappings().first()
            except (ValueError, TypeError):
                yield key, None
                continue
            if row is not None:
                yield key, row

    def _member(self, link: Any, member: Member, key: int, row: Any, salts: Mapping[str, str]) -> None:
        name, place = link.table_name, {"table": link.table_name, "row": key}
        self.verdict.facts += 1
        where = f"{name} n° {key} ({chain_name(link.chain, self._names)}, maillon {link.position})"
        # A fact that came in has a link of here, and one in the chain that it came with.
        linked = self._linked[name] if link.chain >= 0 else self._came.linked(link.chain, name)
        if key in linked:
            self._find("broken_link", f"{where} : deux maillons pour une ligne", link.chain, position=link.position,
                       **place)  # fmt: skip
        linked.add(key)
        wrong = ""
        kind = "altered"
        if row is None:
            is_there = row is None and self._exists(name, key)
            kind, wrong = ("unreadable", "ligne illisible") if is_there else ("removed", "ligne supprimée")
        else:
            wrong = self._wrong(link, member, key, row, salts)
        if wrong:
            self._find(kind, f"{where} : {wrong}", link.chain, position=link.position, **place)

    def _exists(self, name: str, key: int) -> bool:
        column = fact_table(name).key
        return self._connection.execute(select(column).where(column == key)).first() is not None

    def _wrong(self, link: Any, member: Member, key: int, here: RowMapping, salts: Mapping[str, str]) -> str:
        row = self._came.row_there(link.chain, link.table_name, dict(here))
        fixed_names, _, text_names = link.column_names.partition("|")
        fixed = [name for name in fixed_names.split(",") if name]
        texts = [name for name in text_names.split(",") if name]
        gone = [name for name in (*fixed, *texts) if name not in row]
        if gone:
            return f"colonne disparue ({', '.join(gone)})"
        wrong = [name for name in texts if not self._is_text_well(link.table_name, member, key, name, row[name], salts)]
        if wrong:
            return f"texte modifié ({', '.join(wrong)})"
        digest = row_digest(link.table_name, {name: row[name] for name in fixed}, member.commitments)
        if digest != member.digest:
            return "ligne modifiée"
        if here.get("chain_of_row", 0) != self._came.laboratory(link.chain):
            return "rattachée à un autre laboratoire que celui de sa chaîne"
        return ""

    def _is_text_well(
        self, table: str, member: Member, key: int, column: str, value: Any, salts: Mapping[str, str]
    ) -> bool:
        committed, salt = member.commitments.get(column), salts.get(column)
        if committed is None:
            return is_empty(value)
        if salt is not None:
            try:
                return commitment(salt, value) == committed
            except ValueError:
                return False
        is_erased = (table, key, column) in self._erased and value == emptied(value)
        self.verdict.erased += is_erased
        return is_erased

    def _unlinked(self, name: str) -> None:
        key = fact_table(name).key
        last = None
        for number in self._connection.execute(select(key).order_by(key)).scalars():
            if number == last:
                # Its primary key was taken away, or the row is of a table that inherits from this one.
                said = f"{name} n° {number} : deux lignes de même numéro"
                self._find("inserted", said, table=name, row=number)
            last = number
            if number not in self._linked[name]:
                said = f"{name} n° {number} : ligne sans maillon, ajoutée par un autre programme"
                self._find("inserted", said, table=name, row=number)

    def _contents(self, name: str, column: str, digest: str) -> None:
        """Contents that the row itself holds the SHA-256 of, one at a time: each may be megabytes."""
        table = metadata.tables[name]
        keys = self._connection.execute(select(fact_table(name).key).order_by(fact_table(name).key)).scalars().all()
        for key in keys:
            asked = select(table.c[column], table.c[digest]).where(fact_table(name).key == key)
            content, said = self._connection.execute(asked).one()
            if not content and (name, key, column) in self._erased:
                self.verdict.erased += 1
            elif isinstance(content, str) or hashlib.sha256(content or b"").hexdigest() != said:
                self._find("altered", f"{name} n° {key} : contenu modifié ({column})", table=name, row=key)


def _is_whole(link: Any, told_as: int) -> bool:
    values = {name: getattr(link, name) for name in LinkContent.__slots__}
    content = LinkContent(**{**values, "chain": told_as})
    return bool(content.hash == link.hash)


def _counts(members: str) -> Mapping[str, int]:
    return _object(members)


def _salts_of(text: str | None) -> Mapping[str, Mapping[str, str]]:
    """Key of the row → column → salt; a salt that is none is as one that is gone."""
    return {
        key: {name: salt for name, salt in salts.items() if isinstance(salt, str)}
        for key, salts in _object(text or "{}").items()
        if isinstance(salts, dict)
    }


def _object(text: str) -> dict[str, Any]:
    try:
        found = read_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


