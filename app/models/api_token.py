"""Tokens by which programs read the FHIR service of one laboratory."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.models.base import OfALaboratory, UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class TokenScope(StrEnum):
    """What a token may ask of the FHIR service."""

    READ = "read"
    """Every approved resource of its laboratory, and translations."""
    TRANSLATE = "translate"
    """Translations of one local code at a time, and nothing else."""


class ApiToken(OfALaboratory, SQLModel, table=True):
    """The right of a program to read one laboratory. Only the hash is kept: the token is shown once."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    laboratory_id: int = Field(foreign_key="laboratory.id", index=True)
    name: str = Field(max_length=80)
    """What reads with it, as the person who made it wrote it."""
    token_hash: str = Field(max_length=64, unique=True)
    scope: str = Field(default=TokenScope.READ, max_length=20)
    created_by_id: int = Field(foreign_key="user_account.id")
    """Her account and her rights carry the token: it ends with them."""
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Empty only for one that was revoked before tokens had an end; a token without an end opens nothing."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by_id: int | None = Field(default=None, foreign_key="user_account.id")
