"""What a pack holds: the size and the SHA-256 of each file, for a program and for `sha256sum -c`. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_TOLD = ("format", "laboratory", "catalogue", "stated_at", "is_signed", "version_label", "release_version",
         "content_sha256", "chain_head")  # fmt: skip

_ABSENT = "absent:"
"""How the state names what a pack does not hold."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The size of a file in bytes, and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


def file_sums(name: str, path: Path) -> Sums:
    """Of a file on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return Sums(name, path.stat().st_size, digest.hexdigest())


def manifest(state: Mapping[str, str], files: Iterable[Sums]) -> bytes:
    """The manifest: what the pack is of, and every file but itself and the list for `sha256sum`."""
    content = {
        **{name: state.get(name, "") for name in _TOLD},
        "absent": {name.removeprefix(_ABSENT): said for name, said in state.items() if name.startswith(_ABSENT)},
        "files": [{"name": item.name, "size": item.size, "sha256": item.sha256} for item in files],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def sums_file(files: Iterable[Sums]) -> bytes:
    """What `sha256sum -c` reads."""
    return "".join(f"{item.sha256}  {item.name}\n" for item in files).encode()
