"""What a person has besides her password: an application of codes, security keys, recovery codes."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now


class TotpSecret(SQLModel, table=True):
    """The secret shared with an application of codes; encrypted with the key of the installation."""

    __tablename__ = "totp_secret"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    encrypted: str = Field(max_length=200)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None until a first code proved that the application holds the secret."""
    last_counter: int = 0
    """The step of 30 seconds of the last accepted code: neither it nor an older one is accepted again."""


class RecoveryCode(SQLModel, table=True):
    """A code for the day when the telephone is lost, kept as a hash and used once."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    code_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SecurityKey(SQLModel, table=True):
    """A WebAuthn credential: the public key only."""

    __tablename__ = "security_key"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    name: str = Field(max_length=80)
    credential_id: str = Field(max_length=1400, unique=True)
    """Base64url, without padding."""
    public_key: str = Field(max_length=2000)
    """COSE, in base64url without padding."""
    sign_count: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
