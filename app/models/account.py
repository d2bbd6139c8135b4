"""People who use the workbench, their sessions and their roles in each laboratory."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class Role(StrEnum):
    """What a member may do in one laboratory. Administrators are a property of the user, not of a laboratory."""

    TRANSCODER = "transcoder"
    BIOLOGIST = "biologist"
    READER = "reader"


CONTRIBUTORS = frozenset({Role.TRANSCODER, Role.BIOLOGIST})
"""The roles that work on a catalogue; a reader only reads."""


class User(SQLModel, table=True):
    """A person with an account."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    email: str = Field(unique=True, max_length=254)
    display_name: str = Field(max_length=120)
    password_hash: str = Field(max_length=255)
    """Empty while nobody has chosen a password: no password opens the account, only a one-time link."""
    is_administrator: bool = False
    is_active: bool = True
    must_change_password: bool = False
    """True while the password is one that an administrator knows."""
    password_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a password that must be changed opens nothing any more; empty for one that its owner chose."""
    has_second_factor: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """True while the person has an application of codes or a security key: read by every request."""
    is_demonstration: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """An account whose password is printed for everybody: no second factor is asked of it."""
    is_foreign: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """A person of another installation, who came with an archive as the author of facts: nothing opens her account,
    and she is nobody of here, whatever her name and her address."""
    foreign_email: str = Field(default="", max_length=254, sa_column_kwargs={"server_default": ""})
    """The address that she has there; her `email` is one that nobody can have."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class UserSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of the cookie is kept, so a stolen database opens no session."""

    __tablename__ = "user_session"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    authenticated_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    """When the person last proved who she is, by her password or her second factor."""
    second_factor_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the second factor was proved; None while the session has one factor."""
    address: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    device: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})
    """What the browser said of itself, shortened."""
    challenge: str = Field(default="", max_length=100, sa_column_kwargs={"server_default": ""})
    """The challenge that a security key must sign, used once."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    news: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How much happened to the account that its owner has not said that she had read, when she signed in."""
    provider: str | None = Field(default=None, max_length=300)
    """The issuer that vouched for the person; None when she gave her password."""
    acr: str | None = Field(default=None, max_length=100)
    """How the provider says that it recognised her."""


class SignInAttempt(SQLModel, table=True):
    """An attempt to sign in, kept for a day so that guessing passwords is slow. The account is kept as a hash."""

    __tablename__ = "sign_in_attempt"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    account_hash: str = Field(max_length=64, index=True)
    address: str = Field(max_length=64, index=True)
    succeeded: bool = False
    device_hash: str = Field(default="", max_length=64)
    """The browser, when it had signed in to this account before; empty for any other."""


class OneTimeLink(SQLModel, table=True):
    """A link by which a person chooses her password, once. Only the hash of its secret is kept."""

    __tablename__ = "one_time_link"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    created_by_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it served, or was replaced by a newer one; either way it opens nothing any more."""


class KnownDevice(SQLModel, table=True):
    """A browser that has signed in to an account: guesses made elsewhere do not slow it. Only a hash is kept."""

    __tablename__ = "known_device"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", primary_key=True, index=True)
    last_used_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class Membership(OfALaboratory, SQLModel, table=True):
    """The role of a user in one laboratory; without a membership the laboratory does not exist for her."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "laboratory_id"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    role: str = Field(max_length=20)
