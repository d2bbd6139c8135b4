"""The key of the installation, which encrypts the secrets that must be read again: they never lie bare in the base."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import WorkbenchError
from app.settings import Settings

FILE_NAME = "installation.key"
KEY_BYTES = 32
_NONCE_BYTES = 12


class SecretUnreadableError(WorkbenchError):
    """A secret was encrypted with another key than that of this installation."""

    status_code = 409

    def __init__(self) -> None:
        super().__init__(
            "La clé de l'installation n'est plus celle d'avant : les codes d'application ne peuvent être vérifiés. "
            "Servez-vous d'un code de secours ou d'une clé de sécurité, et prévenez l'administrateur."
        )


def _file_key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link appears whole or not at all, and never replaces the key that another process has just made.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise WorkbenchError(f"Le fichier « {FILE_NAME} » du dossier de données n'est plus une clé.")
    return key


def installation_key(settings: Settings) -> bytes:
    """The 32 bytes of the key: from the setting, or from a file of the data folder, made at the first need."""
    if settings.secret_key:
        return bytes.fromhex(settings.secret_key)
    return _file_key(settings.data_dir / FILE_NAME)


def encrypt(key: bytes, secret: bytes, owner: int) -> str:
    """AES-256-GCM, bound to the account: a secret moved to another account is not read."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, secret, f"totp {owner}".encode())
    return base64.b64encode(nonce + sealed).decode()


def decrypt(key: bytes, text: str, owner: int) -> bytes:
    """The secret again, or SecretUnreadableError."""
    sealed = base64.b64decode(text)
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"totp {owner}".encode())
    except InvalidTag as error:
        raise SecretUnreadableError from error
