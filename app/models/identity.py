"""Who a person is at the provider of identities (OpenID Connect) of the installation."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now


class ProviderIdentity(SQLModel, table=True):
    """The name by which the provider knows the owner of an account: an RPPS number for Pro Santé Connect.

    An administrator enters it; it opens sessions once the person has confirmed it with her own password.
    """

    __tablename__ = "provider_identity"
    __table_args__ = (UniqueConstraint("issuer", "identifier"),)

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    issuer: str = Field(max_length=300)
    identifier: str = Field(max_length=255)
    linked_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProviderAnswer(SQLModel, table=True):
    """The hash of an answer of the provider that was used, kept for an hour so that it is not used twice."""

    __tablename__ = "provider_answer"

    digest: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, index=True)
