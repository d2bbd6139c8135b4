"""What a row costs an engine of another checkout of this project and ours, over the same terms and rows, in turn."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from matcher.types import LocalTest, Term

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 3
"""Each checkout is measured so many times, in turn, and its quickest time counts: neighbours only slow one down."""

# Run in the folder of a checkout, hence on its modules; it uses nothing that an earlier engine did not have.
PROBE = """
import json, sys, time
from dataclasses import fields
from pathlib import Path
import matcher
from loinc_data.tables import load_tables
from matcher.engine import Engine
from matcher.index import TermIndex
from matcher.types import LocalTest, Term

assert Path(matcher.__file__).is_relative_to(Path.cwd()), matcher.__file__

def read(kind, file):
    known = {item.name for item in fields(kind)}
    rows = json.loads(Path(file).read_text(encoding="utf-8"))
    return [kind(**{name: _value(value) for name, value in row.items() if name in known}) for row in rows]

def _value(value):
    return tuple(value) if isinstance(value, list) else value

engine = Engine(TermIndex.build(read(Term, sys.argv[1])), load_tables())
rows = read(LocalTest, sys.argv[2])
started = time.process_time()
for row in rows:
    engine.propose(row, 10, explain=False)
print((time.process_time() - started) / len(rows) * 1000)
"""


def costs_per_row(checkout: Path, terms: Sequence[Term], rows: Sequence[LocalTest]) -> tuple[float, float]:
    """Milliseconds of processor time a row: of the engine of another checkout, and of ours."""
    with TemporaryDirectory() as folder:
        files = [Path(folder) / "terms.json", Path(folder) / "rows.json"]
        files[0].write_text(json.dumps([asdict(term) for term in terms]), encoding="utf-8")
        files[1].write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
        turns = [(_cost(checkout, files), _cost(ROOT, files)) for _ in range(ROUNDS)]
    return min(before for before, _ in turns), min(now for _, now in turns)


def _cost(checkout: Path, files: list[Path]) -> float:
    command = [sys.executable, "-c", PROBE, *map(str, files)]
    done = subprocess.run(command, cwd=checkout.resolve(), capture_output=True, text=True, check=True)
    return float(done.stdout)
