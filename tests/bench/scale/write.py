"""Measure and write docs/scale.md: `python -m tests.bench.scale.write [part …]`; without a part, all of them.

Each part is a command of ours, run in a process of its own. What it printed, with the machine and the day, is kept in
docs/scale.json; the page is made of it, and the test of this folder holds the one to the other.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.figures import VARIABLE
from tests.bench.scale.page import page
from tests.bench.scale.parts import PARTS, Part

DOCS = Path(__file__).resolve().parents[3] / "docs"
DATA, PAGE = DOCS / "scale.json", DOCS / "scale.md"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def machine() -> str:
    """What ran the commands."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} cœurs ({_processor()}), {memory:.0f} Go, Python {platform.python_version()}"


def measured(part: Part) -> dict[str, Any]:
    """Run one part; what it said and the figures that it gave."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        load = os.getloadavg()[0]
        done = subprocess.run(
            [sys.executable, "-m", part.module, *part.arguments],
            env=os.environ | {VARIABLE: str(figures)}, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        sys.stdout.write(f"{done.stdout}\n{part.slug}: {done.returncode}\n")
        return {
            "output": done.stdout.strip(),
            "status": done.returncode,
            "figures": json.loads(figures.read_text("utf-8")) if figures.exists() else {},
            "machine": machine(),
            "load_before": round(load, 1),
            "day": f"{datetime.now(UTC):%Y-%m-%d}",
        }


def main() -> int:
    """Measure the parts named, then write both files."""
    wanted = set(sys.argv[1:]) or {part.slug for part in PARTS}
    unknown = wanted - {part.slug for part in PARTS}
    if unknown:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}\n")
        return 2
    known = json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}
    for part in PARTS:
        if part.slug in wanted:
            known[part.slug] = measured(part)
            DATA.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(known), "utf-8")
    return max((known[slug]["status"] for slug in wanted), default=0)


if __name__ == "__main__":
    sys.exit(main())
