"""What an attacker hopes to reach is called in a known place, or nowhere: read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import PROJECT_ROOT

SOURCES = sorted(
    path for package in ("app", "matcher", "loinc_data") for path in (PROJECT_ROOT / package).rglob("*.py")
)
OUTSIDE = {"httpx", "requests", "aiohttp", "urllib.request", "http.client", "ftplib", "smtplib", "telnetlib", "ldap3"}
"""Ways to reach another machine. Databases and Redis are those that the settings name."""
OBJECTS = {"pickle", "cPickle", "dill", "marshal", "shelve", "yaml", "joblib"}
"""Readers of bytes that may make any object."""


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT_ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that a source imports, and every name that it takes from one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{item.name}" for item in node.names)


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call, by the name as it is written: `hashlib.sha256`, `eval`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def importers(names: set[str], sources: dict[str, ast.AST]) -> set[str]:
    """The files that import one of these modules, or something inside it."""
    return {
        place
        for place, tree in sources.items()
        if any(module == name or module.startswith(f"{name}.") for module in imported(tree) for name in names)
    }


@pytest.fixture(scope="module")
def sources() -> dict[str, ast.AST]:
    return {name_of(path): ast.parse(path.read_text("utf-8")) for path in SOURCES}


def test_a_program_is_called_without_a_shell_and_in_two_places(sources: dict[str, ast.AST]) -> None:
    assert importers({"subprocess", "pty", "commands"}, sources) == {
        "app/platform/backup_before.py", "app/reports/pdf.py"
    }  # fmt: skip
    for place, tree in sources.items():
        for name, call in called(tree):
            assert not name.startswith(("os.system", "os.popen", "os.exec", "os.spawn")), place
            assert "create_subprocess" not in name, place
            assert not any(keyword.arg == "shell" for keyword in call.keywords), place


def test_no_template_is_made_of_text(sources: dict[str, ast.AST]) -> None:
    assert importers({"jinja2"}, sources) == {"app/web/templating.py"}
    for place, tree in sources.items():
        assert not [name for name, _ in called(tree) if name.endswith((".from_string", "Template"))], place


def test_nothing_received_becomes_code_or_objects(sources: dict[str, ast.AST]) -> None:
    assert importers(OBJECTS, sources) == set()
    for place, tree in sources.items():
        assert not {"eval", "exec", "compile", "__import__"} & {name for name, _ in called(tree)}, place


def test_no_archive_is_unpacked_onto_the_disk(sources: dict[str, ast.AST]) -> None:
    """The names inside an archive are then never paths."""
    assert importers({"tarfile"}, sources) == set()
    for place, tree in sources.items():
        names = [name for name, _ in called(tree) if not name.startswith("func.")]
        assert not [name for name in names if name.endswith((".extractall", ".extract", ".unpack_archive"))], place


def test_only_the_provider_of_identities_is_called(sources: dict[str, ast.AST]) -> None:
    assert importers(OUTSIDE, sources) == {"app/identity_providers/discovery.py"}
    for place, tree in sources.items():
        assert not [name for name, _ in called(tree) if name.endswith(("create_connection", ".urlopen"))], place


def test_what_nobody_may_guess_is_drawn_by_the_system(sources: dict[str, ast.AST]) -> None:
    """`random` only spreads waits, and numpy only draws reports again, the same each time, for an interval; tokens are
    of 256 bits, and what is shorter is listed here."""
    assert importers({"random"}, sources) == {"app/platform/database.py"}
    for place, tree in sources.items():
        for name, call in called(tree):
            assert place == "app/effective/sampling.py" or not name.startswith(("numpy.random", "np.random")), place
            if name in ("secrets.token_urlsafe", "secrets.token_bytes"):
                (size,) = call.args
                length = size.value if isinstance(size, ast.Constant) else ast.unparse(size)
                assert length in (32, "SECRET_BYTES", "_NONCE_BYTES"), place


def test_one_cipher_and_no_weak_digest(sources: dict[str, ast.AST]) -> None:
    ciphers = {
        name for tree in sources.values() for name in imported(tree) if name.startswith("cryptography.hazmat")
    }
    assert ciphers == {
        "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.ciphers.aead.AESGCM"
    }  # fmt: skip
    digests = {
        (ast.unparse(node), place)
        for place, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib"
    }
    # The applications of codes know no other.
    assert {item for item in digests if item[0] not in ("hashlib.sha256", "hashlib._Hash")} == {
        ("hashlib.sha1", "app/second_factor/totp.py")
    }


def test_each_danger_is_seen() -> None:
    tree = ast.parse("import subprocess\nfrom urllib import request\nimport pickle as p\nhashlib.md5(b'')\neval('1')")
    assert importers({"subprocess"}, {"a": tree}) == {"a"}
    assert importers(OUTSIDE, {"a": tree}) == {"a"}
    assert importers(OBJECTS, {"a": tree}) == {"a"}
    assert {"eval", "hashlib.md5"} <= {name for name, _ in called(tree)}
