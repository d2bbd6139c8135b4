"""What must be in place before anything works: the data folder and the tables; and the copy of the database."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from alembic.util.exc import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from app.console.system_errors import database_reason, system_reason
from app.errors import WorkbenchError
from app.models import User
from app.platform.backup_before import FOLDER, holds_something, keep
from app.platform.database import make_engine, reading
from app.platform.migrations import current_revision, head_revision, is_up_to_date, known_revisions, upgrade
from app.settings import Settings


def make_data_dir(settings: Settings) -> None:
    """Create the data folder, readable by its owner only."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(
            f"Le dossier de données « {settings.data_dir} » ne peut être créé : {system_reason(error)}. "
            "Choisissez-en un autre par la variable TRANSCODEUR_DATA_DIR."
        ) from error


def _tell(sentence: str) -> None:
    # Beside what a command writes, which may be the file that it was asked for.
    sys.stderr.write(f"{sentence}\n")


def _refuse_emptied(engine: Engine) -> None:
    """Raise WorkbenchError for a file of the embedded database that is there and empty: something emptied it."""
    path = Path(str(engine.url.database or "")) if engine.dialect.name == "sqlite" else None
    if path is not None and path.is_file() and path.stat().st_size == 0:
        raise WorkbenchError(
            f"Le fichier de la base de données « {path} » est vide : ce qu'il contenait est perdu. Restaurez une "
            "sauvegarde (transcodeur restore FICHIER --remplacer), ou supprimez ce fichier si l'installation est neuve."
        )


def migrate(
    engine: Engine, backups: Path | None = None, *, with_backup: bool = True, tell: Callable[[str], None] = _tell
) -> tuple[str | None, str | None]:
    """Bring the database to the present version; returns the migrations before and after.

    One that holds something is copied first into the folder `backups`, beside the embedded database by default; when
    it cannot be, WorkbenchError is raised and nothing is changed.
    """
    _refuse_emptied(engine)
    try:
        before = current_revision(engine)
        if not is_up_to_date(engine):
            if before is not None and before in known_revisions() and with_backup and holds_something(engine):
                folder = backups or Path(str(engine.url.database)).parent / FOLDER
                tell(f"La base est à la migration {before} : sauvegarde avant de la mettre à jour…")
                kept = keep(engine, folder, before)
                tell(f"Sauvegarde vérifiée : « {kept} ».")
            upgrade(engine)
        return before, head_revision()
    except CommandError as error:
        raise WorkbenchError(
            "La base de données vient d'une version plus récente de l'application. "
            "Installez cette version, ou restaurez une sauvegarde."
        ) from error
    except DatabaseError as error:
        raise WorkbenchError(
            f"La base de données ne peut être ouverte ou migrée : {database_reason(error.orig)}."
        ) from error


def open_ready(settings: Settings) -> Engine:
    """The engine of an installation for a command that works on accounts or data."""
    make_data_dir(settings)
    engine = make_engine(settings.resolved_database_url)
    migrate(engine, settings.data_dir / FOLDER)
    return engine


def has_users(session: Session) -> bool:
    """Whether anybody can sign in at all."""
    return session.exec(select(User.id).limit(1)).first() is not None


def someone_exists(engine: Engine) -> bool:
    """Whether the installation has at least one account."""
    with reading(engine) as session:
        return has_users(session)


def refuse_target(target: Path) -> None:
    """Raise WorkbenchError when a backup cannot be written there."""
    if target.exists():
        raise WorkbenchError(f"Le fichier « {target} » existe déjà ; choisissez un autre nom.")
    if not target.parent.is_dir():
        raise WorkbenchError(f"Le dossier « {target.parent} » n'existe pas.")


def backup(settings: Settings, target: Path) -> int:
    """Copy the embedded database while it is in use; returns the size of the copy in bytes."""
    url = settings.resolved_database_url
    source = Path(url.removeprefix("sqlite:///"))
    if not source.is_file():
        raise WorkbenchError(f"Il n'y a pas de base à sauvegarder dans « {source} ».")
    refuse_target(target)
    target.touch(mode=0o600)
    origin, copy = sqlite3.connect(source), sqlite3.connect(target)
    try:
        origin.backup(copy)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except BaseException:
        copy.close()
        for ending in ("", "-wal", "-shm"):
            target.with_name(target.name + ending).unlink(missing_ok=True)
        raise
    finally:
        origin.close()
        copy.close()
    if verdict != "ok":
        target.unlink()
        raise WorkbenchError("La copie est abîmée et a été effacée.")
    return target.stat().st_size
