"""Licences are known and allowed; the list of components is whole; an audit that could not ask says so."""

import json
from collections.abc import Sequence

import pytest

from tests.supply import audit, sbom
from tests.supply.licences import READ_BY_US, installed, is_allowed, locked, npm_packages

CLEAN = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}]})
FOUND = json.dumps(
    {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2"]}]}]}
)
NPM_CLEAN, NPM_FOUND = json.dumps({"vulnerabilities": {}}), json.dumps({"vulnerabilities": {"b": {"severity": "high"}}})
NPM_SILENT = json.dumps({"message": "request failed", "error": {"code": "ENOTFOUND"}})


def test_every_delivered_package_has_a_licence_that_we_allow() -> None:
    delivered, have = locked("requirements.txt"), installed()
    assert len(delivered) > 25
    assert {name: have.get(name, "") for name in delivered & set(have) if not is_allowed(have[name])} == {}


def test_every_package_of_the_tests_has_one_too() -> None:
    have = installed()
    names = (locked("requirements-dev.txt") | locked("requirements-node.txt")) & set(have)
    assert {name: have[name] for name in names if not is_allowed(have[name], as_tool=name == "djlint")} == {}


def test_every_package_of_npm_has_one_too() -> None:
    found = npm_packages()
    assert len(found) > 20
    licences = {place: READ_BY_US.get(place.rpartition("node_modules/")[2], item.get("license", ""))
                for place, item in found.items()}  # fmt: skip
    assert {place for place, licence in licences.items() if not is_allowed(licence)} == set()


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [("MIT", True), ("", False), ("UNKNOWN", False), ("AGPL-3.0-only", False), ("MIT AND AGPL-3.0-only", False),
     ("AGPL-3.0-only OR MIT", True), ("(MIT OR GPL-2.0-only)", True), ("GPL-3.0-or-later", False)],
)  # fmt: skip
def test_what_is_allowed(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_the_list_of_components_holds_every_locked_package_and_is_reproducible() -> None:
    first, second = sbom.document(), sbom.document()
    assert first == second
    assert (first["bomFormat"], "timestamp" in first["metadata"]) == ("CycloneDX", False)
    components = {item["name"].lower().replace("_", "-"): item for item in first["components"]}
    assert locked("requirements.txt") <= {name.replace(".", "-") for name in components}
    assert components["@alpinejs/csp"]["hashes"][0]["alg"] == "SHA-512"
    refs = [item["bom-ref"] for item in first["components"]]
    assert len(refs) == len(set(refs))


@pytest.mark.parametrize(
    ("python", "npm", "status", "said"),
    [
        (CLEAN, NPM_CLEAN, 0, "aucune vulnérabilité"),
        (FOUND, NPM_CLEAN, 1, "a 1, CVE-2026-1 (corrigée en 2)"),
        (CLEAN, NPM_FOUND, 1, "b, gravité high"),
        ("", NPM_CLEAN, 3, "SANS RÉPONSE  requirements.txt"),
        (CLEAN, NPM_SILENT, 3, "SANS RÉPONSE  package-lock.json"),
        ("", NPM_FOUND, 1, "SANS RÉPONSE  requirements-dev.txt"),
    ],
)
def test_an_audit_tells_what_is_known_from_what_could_not_be_asked(
    python: str, npm: str, status: int, said: str
) -> None:
    lines: list[str] = []

    def answers(command: Sequence[str]) -> str:
        return npm if command[0] == "npm" else python

    assert audit.main(answers, lines.append) == status
    assert said in "".join(lines)


def test_a_program_that_is_missing_is_no_clean_audit() -> None:
    with pytest.raises(audit.UnreachedError):
        audit.run(["/nulle/part"])
