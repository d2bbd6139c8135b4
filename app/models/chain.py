"""The audit chain: links over the facts as they are written, the head of each chain, salts of texts, and erasures."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, ForeignKeyConstraint, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field

INSTALLATION = 0
"""The chain of what belongs to no laboratory; the others have the number of their laboratory."""


class LinkKind:
    """What a link is over."""

    FACTS = "facts"
    """Facts that its own transaction wrote."""
    SEAL = "seal"
    """Says how many facts are older than the chain; those links that follow it are over them."""
    SEALED = "sealed"
    """Facts older than the chain, as they were found."""


class ChainLink(SQLModel, table=True):
    """Some facts of one table, as their transaction wrote them. Append-only; each holds the hash of the one before."""

    __tablename__ = "chain_link"

    chain: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """The number of a laboratory, or INSTALLATION. No foreign key: a chain outlives what it is about."""
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Counts from 1 in its chain, without a gap."""
    kind: str = Field(max_length=10)
    table_name: str = Field(max_length=60)
    column_names: str
    """Fixed columns, `|`, columns of erasable texts: what the digests below are over. Later columns are not."""
    members: str = Field(sa_type=Text)
    """JSON list of [key, digest] or [key, digest, {column: commitment to its text}], in the order of the keys."""
    linked_at: datetime = Field(sa_type=UtcDateTime)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class TextSalt(SQLModel, table=True):
    """The salts of the texts of a link, beside it: without its salt, a commitment says nothing of a text."""

    __tablename__ = "text_salt"
    __table_args__ = (ForeignKeyConstraint(["chain", "position"], ["chain_link.chain", "chain_link.position"]),)

    chain: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    salts: str = Field(sa_type=Text)
    """JSON object: key of the row -> column -> 16 bytes in hexadecimal. An erasure takes one out, nothing else."""


class ChainHead(SQLModel, table=True):
    """The last link of a chain. Its row is locked for the moment in which links are added."""

    __tablename__ = "chain_head"

    chain: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int
    hash: str = Field(max_length=64)


class Erasure(OfALaboratory, SQLModel, table=True):
    """A text was erased: which one, by whom, why; never what it said. Append-only."""

    __tablename__ = "erasure"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int | None = Field(default=None, foreign_key="laboratory.id", index=True)
    table_name: str = Field(max_length=60)
    row_id: int
    column_name: str = Field(max_length=60)
    reason: str = Field(max_length=500)
    """Why, without what it said."""
    author_id: int | None = Field(default=None, foreign_key="user_account.id")
    """None for the command line."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
