"""The one way in which a pack is written as a zip, and a reader that accepts no other. Pure: no database, no clock.

Members are stored, not deflated: what two versions of zlib give differs, a copy does not. Their names are in ASCII and
in the order of their bytes, their date is the first that a zip can hold, and nothing follows, precedes or comments
them. So the same members give the same bytes everywhere, and a reader can say of any other byte that it is not ours.
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PIECE = 1 << 20
MAX_MEMBERS = 64
MAX_NAME = 120
MAX_BYTES = 0xFFFFFFFF
"""What the fields of a plain zip can hold."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_FIRST_DAY = 0x21
"""1 January 1980, as a zip writes it."""
_VERSION, _MADE_BY, _MODE = 20, 3 << 8 | 20, 0o100644 << 16


class NotCanonicalError(ValueError):
    """These bytes are not a pack as it is written; the message says where, in French."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a pack."""

    name: str
    size: int
    crc: int
    sha256: str
    offset: int
    """Where its content begins in the zip."""


def is_name(name: str) -> bool:
    """Whether a member may have this name: plain ASCII, no step up, no absolute path."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def _local(name: str, crc: int, size: int) -> bytes:
    raw = name.encode("ascii")
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _FIRST_DAY, crc, size, size, len(raw), 0) + raw


def _directory(members: Iterable[Member]) -> bytes:
    """The central directory and the end of a zip that holds these members."""
    entries = []
    offset = 0
    for member in members:
        raw = member.name.encode("ascii")
        offset = member.offset - _LOCAL.size - len(raw)
        entries.append(
            _CENTRAL.pack(
                b"PK\1\2", _MADE_BY, _VERSION, 0, 0, 0, _FIRST_DAY, member.crc, member.size, member.size, len(raw),
                0, 0, 0, 0, _MODE, offset,
            )
            + raw
        )  # fmt: skip
        offset = member.offset + member.size
    whole = b"".join(entries)
    return whole + _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(whole), offset, 0)


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(PIECE, size))
        if not piece:
            return
        size -= len(piece)
        yield piece


def write_zip(target: BinaryIO, files: dict[str, Path], most: int = MAX_MEMBERS) -> str:
    """Write these files, by their names, as a pack; returns the SHA-256 of the whole, in hexadecimal.

    `most`: how many there may be. Raises ValueError for a name that no member may have, or for more than a plain zip
    holds.
    """
    if len(files) > most or not all(map(is_name, files)):
        raise ValueError("these are no members of a pack")
    digest = hashlib.sha256()
    place = 0

    def put(content: bytes) -> None:
        nonlocal place
        target.write(content)
        digest.update(content)
        place += len(content)

    members = []
    for name in sorted(files):
        crc, size, sha256 = _sums(files[name])
        if place + size > MAX_BYTES - PIECE:
            raise ValueError("a plain zip does not hold so much")
        put(_local(name, crc, size))
        members.append(Member(name, size, crc, sha256, place))
        with files[name].open("rb") as file:
            for piece in _pieces(file, size):
                put(piece)
    put(_directory(members))
    return digest.hexdigest()


def _sums(path: Path) -> tuple[int, int, str]:
    crc, size, digest = 0, 0, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            digest.update(piece)
    return crc, size, digest.hexdigest()


def read_zip(file: BinaryIO, length: int, most: int = MAX_MEMBERS) -> tuple[list[Member], str]:
    """The members of a pack of this length, in their order, and the SHA-256 of the whole.

    What the zip would be is built again from its members and compared, byte for byte, with what it is. No more than a
    piece is in memory. Raises NotCanonicalError at the first byte that is not as it is written.
    """
    whole = hashlib.sha256()
    members: list[Member] = []
    place = 0
    while True:
        head = file.read(_LOCAL.size)
        if head[:4] != b"PK\3\4":
            break
        member = _read_member(file, head, place, length, whole)
        if members and member.name <= members[-1].name:
            raise NotCanonicalError(
                f"octet {place} : « {member.name} » vient après « {members[-1].name} », deux fois ou dans le désordre"
            )
        members.append(member)
        if len(members) > most:
            raise NotCanonicalError(f"octet {place} : plus de {most} fichiers")
        place = member.offset + member.size
    if not members:
        raise NotCanonicalError("octet 0 : ce n'est pas un dossier de preuve (zip) écrit par l'atelier")
    expected = _directory(members)
    found = head + file.read(len(expected) - len(head) + 1)
    if found != expected:
        wrong = place + _first_difference(found, expected)
        where = "après la fin" if found.startswith(expected) else "dans le répertoire du zip"
        raise NotCanonicalError(f"octet {wrong} : {where}, ce n'est pas ce que l'atelier écrit")
    whole.update(found)
    return members, whole.hexdigest()


def _read_member(
    file: BinaryIO, head: bytes, place: int, length: int, whole: "hashlib._Hash"
) -> Member:
    if len(head) < _LOCAL.size:
        raise NotCanonicalError(f"octet {place} : le zip est coupé")
    *_, crc, _packed, size, name_length, _extra = _LOCAL.unpack(head)
    raw = file.read(name_length) if name_length <= MAX_NAME else b""
    name = raw.decode("ascii", "replace")
    if len(raw) != name_length or not is_name(name):
        raise NotCanonicalError(f"octet {place} : le nom d'un fichier n'est pas de ceux d'un dossier de preuve")
    expected = _local(name, crc, size)
    if head + raw != expected:
        wrong = place + _first_difference(head + raw, expected)
        raise NotCanonicalError(f"octet {wrong} : l'en-tête de « {name} » n'est pas ce que l'atelier écrit")
    offset = place + len(expected)
    if offset + size > length:
        raise NotCanonicalError(f"octet {place} : « {name} » est coupé, ou sa taille est fausse")
    found, digest = 0, hashlib.sha256()
    whole.update(expected)
    for piece in _pieces(file, size):
        found = zlib.crc32(piece, found)
        digest.update(piece)
        whole.update(piece)
    if found != crc:
        raise NotCanonicalError(
            f"octets {offset} à {offset + size} : le contenu de « {name} » n'est pas celui que dit son en-tête"
        )
    return Member(name, size, crc, digest.hexdigest(), offset)


def _first_difference(found: bytes, expected: bytes) -> int:
    return next((n for n, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]),
                min(len(found), len(expected)))  # fmt: skip
