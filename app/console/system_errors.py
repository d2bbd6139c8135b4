"""What the operating system and the database answer, in French."""

import errno
import os
import socket
import sqlite3

from app.text import one_line

SYSTEM_REASONS = {
    errno.ENOENT: "ce fichier ou ce dossier n'existe pas",
    errno.ENOTDIR: "une partie de ce chemin n'est pas un dossier",
    errno.EISDIR: "c'est un dossier, il faut un fichier",
    errno.EEXIST: "ce fichier existe déjà",
    errno.ENOTEMPTY: "ce dossier n'est pas vide",
    errno.EACCES: "l'accès en est refusé",
    errno.EPERM: "l'opération en est refusée",
    errno.EROFS: "ce disque est en lecture seule",
    errno.ENOSPC: "il n'y a plus de place sur le disque",
    errno.EDQUOT: "le quota du disque est atteint",
    errno.EFBIG: "le fichier serait trop gros",
    errno.EIO: "le disque ne répond pas correctement",
    errno.ENAMETOOLONG: "ce nom est trop long",
    errno.ELOOP: "ce chemin tourne en rond (liens symboliques)",
    errno.EINVAL: "le système n'admet pas cette valeur",
    errno.EBUSY: "ce fichier est occupé",
    errno.ETXTBSY: "ce fichier est en cours d'exécution",
    errno.EMFILE: "trop de fichiers sont ouverts",
    errno.ENFILE: "trop de fichiers sont ouverts sur la machine",
    errno.ENOMEM: "il n'y a plus de mémoire",
    errno.EPIPE: "personne ne lit plus la sortie",
    errno.ENODEV: "ce périphérique n'existe pas",
    errno.ENXIO: "ce périphérique n'existe pas",
    errno.EADDRINUSE: "un autre programme l'occupe déjà",
    errno.EADDRNOTAVAIL: "cette machine n'a pas cette adresse",
    errno.ECONNREFUSED: "la connexion est refusée",
    errno.ECONNRESET: "la connexion a été coupée",
    errno.ETIMEDOUT: "la réponse n'est pas venue à temps",
    errno.ENETUNREACH: "le réseau est inaccessible",
    errno.EHOSTUNREACH: "la machine est inaccessible",
}
# By the beginning of the name of SQLite's own code, the more precise first.
SQLITE_REASONS = {
    "SQLITE_CORRUPT": "le fichier est abîmé. Restaurez une sauvegarde : transcodeur restore FICHIER --remplacer",
    "SQLITE_NOTADB": "ce fichier n'est pas une base SQLite. Restaurez une sauvegarde : "
    "transcodeur restore FICHIER --remplacer",
    "SQLITE_FULL": "il n'y a plus de place sur le disque : libérez-en, puis recommencez",
    "SQLITE_BUSY": "un autre programme l'occupe ; recommencez plus tard",
    "SQLITE_LOCKED": "un autre programme l'occupe ; recommencez plus tard",
    "SQLITE_READONLY": "elle ne peut être écrite : vérifiez que le disque n'est pas en lecture seule, et que le "
    "fichier appartient au compte de l'atelier",
    "SQLITE_PERM": "l'accès en est refusé",
    "SQLITE_AUTH": "l'accès en est refusé",
    "SQLITE_CANTOPEN": "son fichier ne peut être ouvert : vérifiez qu'il existe, que ce compte peut écrire dans son "
    "dossier, et que le disque n'est pas en lecture seule",
    "SQLITE_IOERR": "le disque est plein, ou ne répond pas correctement : regardez la place libre, puis l'état du "
    "disque (transcodeur doctor)",
    "SQLITE_NOMEM": "il n'y a plus de mémoire",
    "SQLITE_TOOBIG": "une valeur est trop longue",
    "SQLITE_CONSTRAINT": "une règle de la base s'y oppose",
}

REFUSED = "FATAL:"
"""What a PostgreSQL server puts before its reason, in every language."""
# By the code that a PostgreSQL server gives, or the class of codes that begins it.
SERVER_REASONS = {
    "": "son serveur ne répond pas ou a coupé la connexion",
    "08": "la connexion à son serveur a été coupée",
    "28": "son serveur refuse ce compte ou ce mot de passe",
    "3D000": "cette base n'existe pas sur son serveur",
    "40": "une autre écriture est passée avant ; recommencez",
    "42P01": "elle est vide ou incomplète : lancez transcodeur migrate",
    "42501": "l'accès en est refusé à ce compte",
    "53100": "il n'y a plus de place sur le disque de son serveur",
    "53200": "son serveur n'a plus de mémoire",
    "53300": "son serveur n'accepte plus de connexion",
    "55P03": "une autre écriture l'occupe ; recommencez plus tard",
    "57014": "son serveur a interrompu une opération trop longue",
    "57P": "son serveur s'arrête ou démarre ; recommencez plus tard",
    "58030": "le disque de son serveur ne répond pas correctement",
    "XX001": "elle est abîmée. Restaurez une sauvegarde dans une base neuve : transcodeur restore FICHIER",
    "XX002": "un de ses index est abîmé. Restaurez une sauvegarde dans une base neuve : transcodeur restore FICHIER",
}


def system_reason(error: OSError) -> str:
    """Why the system refused, in French, without the name of the file."""
    if isinstance(error, socket.gaierror):
        return "cette adresse n'existe pas"
    if error.errno is None:
        return one_line(str(error))
    name = errno.errorcode.get(error.errno, str(error.errno))
    return SYSTEM_REASONS.get(error.errno, f"le système répond par l'erreur {name}")


def system_sentence(error: OSError) -> str:
    """The same, with the name of the file where there is one."""
    reason = system_reason(error)
    if error.filename is None:
        return f"{reason}."
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    return f"« {name} » : {reason}."


def database_reason(error: BaseException | None) -> str:
    """Why the database refused, from the error of its driver; what a database server says is quoted."""
    if not isinstance(error, sqlite3.Error):
        state = getattr(error, "sqlstate", None) or ""
        if state or type(error).__name__ in ("OperationalError", "InterfaceError"):
            if not state and REFUSED in str(error):
                # The server answered, without a code: its sentence says which account or database it does not know.
                return f"son serveur refuse la connexion : « {one_line(str(error).rpartition(REFUSED)[2])} »"
            for code in (state, state[:3], state[:2]):
                if code in SERVER_REASONS:
                    return SERVER_REASONS[code]
        return f"le serveur de la base a répondu « {one_line(str(error))} »"
    name = getattr(error, "sqlite_errorname", "")
    for beginning, reason in SQLITE_REASONS.items():
        if name.startswith(beginning):
            return reason
    return f"elle ne convient pas à cette version de l'application ({name or 'erreur SQLite'})"
