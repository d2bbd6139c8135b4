"""Known vulnerabilities of the locked packages: `make audit`. Says so where a source cannot be reached.

Exit status: 0 nothing is known, 1 something is, 3 a source did not answer (what the others said is printed all the
same).
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KNOWN, UNREACHED = 1, 3
SECONDS = 300
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")

Run = Callable[[Sequence[str]], str]


class UnreachedError(Exception):
    """The source of known vulnerabilities gave no answer."""


def run(command: Sequence[str]) -> str:
    """What a program writes on its standard output. Raises UnreachedError when it cannot be run or does not end."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreachedError(type(error).__name__) from error
    return done.stdout


def of_python(lock: str, runs: Run) -> list[str]:
    """One line for each known vulnerability of a lock of Python. Raises UnreachedError."""
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent)) or "pip-audit"
    said = runs([program, "--disable-pip", "--no-deps", "--requirement", lock, "--format", "json",
                 "--progress-spinner", "off"])  # fmt: skip
    # It ends with 1 for what it found as for a network that fails: only its report tells which.
    try:
        packages = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreachedError(lock) from error
    return [
        f"{lock} : {package['name']} {package['version']}, {found['id']}"
        f" (corrigée en {', '.join(found['fix_versions']) or '—'})"
        for package in packages
        for found in package.get("vulns", [])
    ]


def of_npm(runs: Run) -> list[str]:
    """One line for each package of npm of which something is known. Raises UnreachedError."""
    try:
        said = json.loads(runs(["npm", "audit", "--package-lock-only", "--json"]))
        packages = said["vulnerabilities"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreachedError("package-lock.json") from error
    return [f"package-lock.json : {name}, gravité {item['severity']}" for name, item in sorted(packages.items())]


def main(runs: Run = run, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Ask every source, say what it said; the exit status."""
    found: list[str] = []
    silent: list[str] = []
    sources: list[tuple[str, Callable[[], list[str]]]] = [
        *((lock, lambda lock=lock: of_python(lock, runs)) for lock in LOCKS),  # type: ignore[misc]
        ("package-lock.json", lambda: of_npm(runs)),
    ]
    for name, ask in sources:
        try:
            lines = ask()
        except UnreachedError:
            silent.append(name)
            continue
        found += lines
        write(f"{name} : {len(lines) or 'aucune'} vulnérabilité(s) connue(s).\n")
    for line in found:
        write(f"VULNÉRABLE  {line}\n")
    for name in silent:
        write(f"SANS RÉPONSE  {name} : la base des vulnérabilités n'a pas pu être consultée ; rien n'en est dit.\n")
    if found:
        return KNOWN
    return UNREACHED if silent else 0


if __name__ == "__main__":
    sys.exit(main())
