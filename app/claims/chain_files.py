"""The part of the audit chain that a pack carries: links, their head, and the facts that they are over."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.audit.heads import Head, chain_name, write_heads
from app.claims import chain_repository
from app.claims.tables import csv_pieces
from app.errors import ConflictError
from app.models import ChainLink, Laboratory
from app.platform.chain_digests import LinkContent, canonical, digest

LINKS, HEADS, FACTS, SALTS = "chaine/maillons.jsonl", "chaine/tetes.json", "chaine/faits.jsonl", "chaine/sels.csv"
SALT_COLUMNS = ("fact", "column", "salt")
PROVEN = (
    "decision", "catalogue_change", "reading_request", "second_reading", "reading_reconciliation", "sign_off",
    "sign_off_withdrawal",
)  # fmt: skip
"""The tables whose facts are shown in full with the link that they are in."""
RUN_TABLES = ("effective_run", "effective_count", "effective_cluster")
"""The same, of the run of emitted reports whose facts a pack holds."""
_BROKEN = (
    "La chaîne d'audit ne dit pas de ce catalogue ce que dit la base : aucun dossier n'est produit. Prévenez "
    "l’administrateur : transcodeur verify-audit dit ce qui a été modifié."
)


def link_line(link: ChainLink, told_as: int | None = None) -> str:
    """A link as its hash is computed over: the SHA-256 of this line is the hash of the link.

    `told_as`: the number that its chain had where it was made, when it came from another installation.
    """
    content = LinkContent(
        link.chain if told_as is None else told_as, link.position, link.kind, link.table_name, link.column_names,
        link.members, link.linked_at, link.previous_hash,
    )  # fmt: skip
    return canonical({name: getattr(content, name) for name in content.__slots__})


def write_chain(
    session: Session, laboratory: Laboratory, catalogue_id: int, folder: Path, run_id: int | None = None
) -> Head | None:
    """Write the links up to the last one over a fact of the catalogue, and those facts; the head, None without any.

    What was written to the chain after that (who signed in, what was downloaded) changes nothing of the pack. `run_id`:
    the run of emitted reports whose facts the pack holds. Raises ConflictError when a fact is not what its link says.
    """
    assert laboratory.id is not None
    keys = chain_repository.fact_keys(session, catalogue_id, run_id)
    until = chain_repository.last_link(session, laboratory.id, keys)
    head = None
    with (folder / "links").open("wb") as file:
        for link in chain_repository.links(session, laboratory.id, until):
            line = link_line(link)
            if digest(line) != link.hash:
                raise ConflictError(_BROKEN)
            file.write(f"{line}\n".encode())
            name = chain_name(link.chain, {laboratory.id: laboratory.name})
            head = Head(link.chain, name, link.position, link.hash)
    salts: list[Sequence[Any]] = []
    with (folder / "linked").open("wb") as file:
        for table in PROVEN + RUN_TABLES if run_id is not None else PROVEN:
            for line, found in _fact_lines(session, laboratory.id, until, table, keys[table]):
                file.write(f"{line}\n".encode())
                salts += found
    with (folder / "salts").open("wb") as file:
        file.writelines(csv_pieces(SALT_COLUMNS, salts))
    return head


def _fact_lines(
    session: Session, chain: int, until: int, table: str, keys: set[int]
) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    missing = set(keys)
    for facts, row, member, salts in chain_repository.linked_facts(session, chain, until, table, keys):
        fixed = {name: row[name] for name in facts.fixed}
        line = canonical({"fixed": fixed, "table": table, "texts": dict(member.commitments)})
        if digest(line) != member.digest:
            raise ConflictError(_BROKEN)
        missing.discard(member.key)
        yield line, [(fact_name(table, fixed), name, salts[name]) for name in sorted(salts)]
    if missing:
        raise ConflictError(_BROKEN)


def fact_name(table: str, fixed: Mapping[str, Any]) -> str:
    """How the salts name a fact: by its public identifier, or by its number where it has none."""
    return str(fixed["public_id"]) if "public_id" in fixed else f"{table}-{fixed['id']}"


def heads_file(head: Head | None, moment: datetime) -> bytes:
    """The head, as `verify-audit --head` reads it; no head is an empty list."""
    return write_heads([head] if head else [], moment)
