"""What is wrong when the database cannot answer: no room, not writable, gone, damaged; and what to do about it."""

import errno
import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

NOTHING_WRITTEN = "Rien n'a été enregistré."
TELL = "Prévenez la personne qui administre l'installation"


@dataclass(frozen=True, slots=True)
class DatabaseFault:
    """A fault of the machine, not of the request."""

    name: str
    status: int
    """Of the HTTP answer."""
    said: str
    """For the person who asked."""


NO_ROOM = DatabaseFault(
    "no_room",
    507,
    f"Il n'y a plus de place sur le disque du serveur. {NOTHING_WRITTEN} {TELL} : il faut libérer de la place "
    "ou agrandir le disque ; ce qui était enregistré le reste. Votre saisie est gardée à la page précédente.",
)
NOT_WRITABLE = DatabaseFault(
    "not_writable",
    503,
    f"La base de données ne peut être écrite pour l'instant, seulement lue. {NOTHING_WRITTEN} {TELL} : le disque ou le "
    "fichier de la base est en lecture seule. Votre saisie est gardée à la page précédente.",
)
GONE = DatabaseFault(
    "gone",
    503,
    f"La base de données ne répond pas. {NOTHING_WRITTEN} Recommencez dans quelques secondes ; si cela dure, "
    "prévenez la personne qui administre l'installation.",
)
DAMAGED = DatabaseFault(
    "damaged",
    503,
    f"Le fichier de la base de données est abîmé. {NOTHING_WRITTEN} Ne continuez pas. {TELL} : il faut arrêter "
    "l'atelier et restaurer une sauvegarde (transcodeur restore FICHIER --remplacer).",
)
BAD_DISK = DatabaseFault(
    "bad_disk",
    503,
    f"Le disque du serveur est plein, ou ne répond pas correctement. {NOTHING_WRITTEN} {TELL} : la place libre, puis "
    "l'état du disque et celui de la base sont à vérifier (transcodeur doctor).",
)
# By the beginning of SQLite's own name, the more precise first.
OF_SQLITE = {
    "SQLITE_FULL": NO_ROOM,
    "SQLITE_READONLY": NOT_WRITABLE,
    "SQLITE_PERM": NOT_WRITABLE,
    "SQLITE_CANTOPEN": GONE,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_IOERR": BAD_DISK,
}
# By the class of SQLSTATE, the more precise first.
OF_SERVER = {
    "53100": NO_ROOM,
    "25006": NOT_WRITABLE,
    "08": GONE,
    "53": GONE,
    "57P": GONE,
    "58": BAD_DISK,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
OF_SYSTEM = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: NO_ROOM,
    errno.EROFS: NOT_WRITABLE,
    errno.EIO: BAD_DISK,
}


def fault_of(error: BaseException) -> DatabaseFault | None:
    """The fault of the machine behind an error; None when the error is something else."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return GONE
        return fault_of(error.orig) if error.orig is not None else None
    if isinstance(error, sqlite3.Error):
        return _first(OF_SQLITE, getattr(error, "sqlite_errorname", ""))
    if isinstance(error, OSError):
        return OF_SYSTEM.get(error.errno or 0)
    state = getattr(error, "sqlstate", None)
    if state:
        return _first(OF_SERVER, state)
    # A driver that has no connection to speak of has no state either.
    is_lost = type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout")
    return GONE if is_lost and type(error).__module__.startswith("psycopg") else None


def is_gone(error: DBAPIError) -> bool:
    """Whether the server of databases is stopped or out of reach, and not only full of connections."""
    return fault_of(error) is GONE and getattr(error.orig, "sqlstate", None) != "53300"


def _first(table: dict[str, DatabaseFault], name: str) -> DatabaseFault | None:
    return next((fault for beginning, fault in table.items() if name.startswith(beginning)), None)
