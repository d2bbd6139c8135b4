"""People who use the workbench, their sessions and their roles in each laboratory."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
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
    is_administrator: bool = False
    is_active: bool = True
    must_change_password: bool = False
    """True while the password is one that an administrator knows."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)


class UserSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of the cookie is kept, so a stolen database opens no session."""

    __tablename__ = "user_session"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_seen_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider: str | None = Field(default=None, max_length=300)
    """The issuer that vouched for the person; None when she gave her password."""
    acr: str | None = Field(default=None, max_length=100)
    """How the provider says that it recognised her."""
    has_two_factors: bool = False
    """Whether that way counts as two factors."""


class SignInAttempt(SQLModel, table=True):
    """An attempt to sign in, kept for a day so that guessing passwords is slow. The account is kept as a hash."""

    __tablename__ = "sign_in_attempt"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
    account_hash: str = Field(max_length=64, index=True)
    address: str = Field(max_length=64, index=True)
    succeeded: bool = False


class Membership(SQLModel, table=True):
    """The role of a user in one laboratory; without a membership the laboratory does not exist for her."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "laboratory_id"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    role: str = Field(max_length=20)
