"""The licence of each package, as its installed metadata or its lock says, against those that we allow."""

import json
import re
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = frozenset({
    "0BSD", "Apache-2.0", "Bitstream-Vera", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC",
    "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0", "PSF-2.0", "Zlib",
})  # fmt: skip
"""Of what is delivered and of what tests; the LGPL is that of a driver installed apart and replaceable (psycopg)."""
ALLOWED_TOOLS = frozenset({"GPL-3.0-or-later"})
"""Of a program that only checks our files, and of which nothing is delivered (djlint)."""
_CLASSIFIERS = {
    "BSD License": "BSD-3-Clause", "MIT License": "MIT", "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}  # fmt: skip
_WRITTEN = {
    "BSD": "BSD-3-Clause", "BSD license": "BSD-3-Clause", "BSD 2-Clause License": "BSD-2-Clause", "PSFL": "PSF-2.0",
    "Apache 2.0": "Apache-2.0", "Apache License": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0",
    "MIT license": "MIT", "MIT License": "MIT", "ISC License": "ISC",
}  # fmt: skip
READ_BY_US = {
    "fhirpathpy": "MIT", "huey": "MIT", "peewee": "MIT",
    "pyphen": "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1", "dejavu-fonts-ttf": "Bitstream-Vera",
}  # fmt: skip
"""Packages whose metadata says nothing: what we read in the licence that they carry."""
_NAME = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", re.MULTILINE)


def normalised(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file_name: str) -> set[str]:
    """The packages of a lock."""
    return {normalised(name) for name in _NAME.findall((ROOT / file_name).read_text(encoding="utf-8"))}


def installed() -> dict[str, str]:
    """Package → its licence as an SPDX expression; empty where it does not say."""
    return {normalised(item.metadata["Name"]): licence_of(item) for item in distributions()}


def licence_of(item: Distribution) -> str:
    """The licence of an installed package as an SPDX expression; empty where nothing says it."""
    data = item.metadata
    if data.get("License-Expression"):
        return str(data["License-Expression"])
    written = (data.get("License") or "").strip()
    written = _WRITTEN.get(written, written)
    if terms(written) and terms(written) <= ALLOWED | ALLOWED_TOOLS:
        return written
    classifiers = [text.rpartition("::")[2].strip() for text in data.get_all("Classifier") or []
                   if text.startswith("License")]  # fmt: skip
    found = [_CLASSIFIERS[text] for text in classifiers if text in _CLASSIFIERS]
    return " OR ".join(found) or READ_BY_US.get(normalised(data["Name"]), "")


def terms(expression: str) -> set[str]:
    """The licences that an SPDX expression names."""
    return {term for term in re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", expression) if term.strip()}


def is_allowed(expression: str, *, as_tool: bool = False) -> bool:
    """Whether we may use what has this licence: one of the alternatives is allowed in all its parts."""
    allowed = ALLOWED | (ALLOWED_TOOLS if as_tool else frozenset())
    choices = re.split(r"\s+OR\s+", expression.replace("(", "").replace(")", ""))
    return any(terms(choice) and terms(choice) <= allowed for choice in choices)


def npm_packages() -> dict[str, dict[str, Any]]:
    """Place in `node_modules` → what the lock says of it."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    return {place: item for place, item in lock["packages"].items() if place}
