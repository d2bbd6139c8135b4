"""The list of what is delivered, in CycloneDX: `make sbom`. The same locks give the same bytes."""

import base64
import json
import subprocess
import sys
from typing import Any
from urllib.parse import quote

from tests.supply.licences import ROOT, installed, normalised, npm_packages

TARGET = ROOT / "build" / "transcodeur.cdx.json"


def of_python() -> dict[str, Any]:
    """The document of the locked Python packages; raises CalledProcessError."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.txt", "--pyproject",
               "pyproject.toml", "--output-reproducible", "--of", "JSON", "-o", "-"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def of_npm() -> list[dict[str, Any]]:
    """The components that the browser receives: those that the lock does not keep for the tests."""
    found = []
    for place, item in sorted(npm_packages().items()):
        if item.get("dev"):
            continue
        name = place.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{quote(name, safe='/')}@{item['version']}"
        algorithm, _, digest = item["integrity"].partition("-")
        found.append({
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": item["version"],
            "purl": purl,
            "licenses": [{"license": {"id": item["license"]}}],
            "hashes": [{
                "alg": {"sha512": "SHA-512", "sha384": "SHA-384", "sha256": "SHA-256"}[algorithm],
                "content": base64.b64decode(digest).hex(),
            }],
        })  # fmt: skip
    return found


def document() -> dict[str, Any]:
    """Both together, with the licences of what is installed."""
    whole = of_python()
    licences = installed()
    for component in whole["components"]:
        expression = licences.get(normalised(component["name"]), "")
        if expression and "licenses" not in component:
            component["licenses"] = [{"expression": expression}]
    whole["components"] = sorted([*whole["components"], *of_npm()], key=lambda item: str(item["bom-ref"]))
    return whole


def main() -> None:
    """Write it."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} est écrit.\n")


if __name__ == "__main__":
    main()
