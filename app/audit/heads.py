"""The heads of the audit chains: what an operator keeps outside, and what reports print."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.errors import InvalidInputError
from app.models import INSTALLATION, ChainHead, Laboratory

FORMAT = "transcodeur-audit-heads-1"
"""What a file of heads says of itself."""
MAX_HEADS = 100_000


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain goes: the position of its last link, and its hash in hexadecimal."""

    chain: int
    name: str
    """« l'installation », or the laboratory in quotation marks."""
    position: int
    hash: str

    @property
    def sentence(self) -> str:
        """As a report prints it."""
        return f"maillon {self.position}, empreinte {self.hash}"


def chain_name(chain: int, laboratories: Mapping[int, str]) -> str:
    """What a chain is called in French."""
    if chain == INSTALLATION:
        return "l’installation"
    name = laboratories.get(chain)
    if chain < 0 and not name:
        return f"laboratoire venu d’ailleurs (archive n° {-chain})"
    return f"laboratoire « {name} »" if name else f"laboratoire n° {chain}"


def of_chain(name: str) -> str:
    """« de l’installation », « du laboratoire … »."""
    return f"du {name}" if name.startswith("laboratoire") else f"de {name}"


def laboratory_names(session: Session) -> dict[int, str]:
    """Number of each laboratory -> its name."""
    return {number or 0: name for number, name in session.exec(select(Laboratory.id, Laboratory.name))}


def heads(session: Session) -> list[Head]:
    """The head of each chain, that of the installation first."""
    names = laboratory_names(session)
    return [
        Head(head.chain, chain_name(head.chain, names), head.position, head.hash)
        for head in session.exec(select(ChainHead).order_by(col(ChainHead.chain)))
    ]


def head_sentence(session: Session, laboratory_id: int) -> str:
    """The head of the chain of a laboratory, as its reports print it; empty before its first fact."""
    head = session.exec(select(ChainHead).where(ChainHead.chain == laboratory_id)).first()
    return Head(head.chain, "", head.position, head.hash).sentence if head else ""


def write_heads(found: list[Head], moment: datetime) -> bytes:
    """A file of heads, to be kept outside the installation."""
    content = {
        "format": FORMAT,
        "taken_at": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "heads": [
            {"chain": head.chain, "name": head.name, "position": head.position, "hash": head.hash} for head in found
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def read_heads(content: bytes, named: str) -> list[Head]:
    """The heads of such a file; raises InvalidInputError for any other."""
    refusal = InvalidInputError(f"« {named} » n'est pas un fichier de têtes de chaîne (verify-audit --write-head).")
    try:
        read: Any = json.loads(content)
        items: Any = read["heads"] if read["format"] == FORMAT else None
        found = [Head(_chain(item["chain"]), str(item["name"]), _number(item["position"]), item["hash"])
                 for item in items]  # fmt: skip
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise refusal from error
    if not found or len(found) > MAX_HEADS or any(not isinstance(head.hash, str) for head in found):
        raise refusal
    return found


def _chain(value: Any) -> int:
    """The number of a chain; that of one that a laboratory came with is negative."""
    return -_number(-value) if isinstance(value, int) and value < 0 else _number(value)


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a number of ours")
    return value
