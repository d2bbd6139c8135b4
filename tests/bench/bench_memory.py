"""Resident memory of the web process with a large release: `python -m tests.bench.bench_memory [--terms 110000]`.

Writes a synthetic release, loads it by the command line, starts the real server, opens the main pages, asks for the
proposals of a catalogue, and prints one JSON line in MB: at start, after pages that need no engine, after the
proposals made in that process, at the end, and in a new process with the engine alone. Exit status 1 past the limit.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.synthetic_release import write_release
from tests.chaos.installation import Installation

LIMIT_MB = 500
ROWS = 2_500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terms", type=int, default=110_000)
    arguments = parser.parse_args()
    figures: dict[str, float] = {"terms": arguments.terms, "rows": ROWS}
    with tempfile.TemporaryDirectory(prefix="transcodeur-memoire-") as folder:
        place = Installation(Path(folder) / "var")
        place.create()
        release = write_release(Path(folder) / "release.zip", arguments.terms)
        place.command("load-loinc", str(release), "--current")
        with place.serve() as server:
            figures["start_mb"] = server.memory_mb()
            client = server.sign_in()
            for path in ("/", f"/laboratoires/{place.laboratory_id}", "/terminologie?q=gluco"):
                client.get(path)
            figures["pages_mb"] = server.memory_mb()
            catalogue = client.import_catalogue("Mémoire", place.catalogue_file(ROWS))
            client.wait_for_jobs(600)
            figures["proposals_mb"] = server.memory_mb()
            for path in ("", "/revue", "/approbation", "/couverture", "/exports"):
                client.get(f"/catalogues/{catalogue}{path}")
            client.get(f"/catalogues/{catalogue}/revue/{place.first_test(catalogue)}")
            figures["end_mb"] = server.memory_mb()
        with place.serve() as server:
            client = server.sign_in()
            client.get(f"/catalogues/{catalogue}/revue/{place.first_test(catalogue)}")
            figures["with_engine_mb"] = server.memory_mb()
    sys.stdout.write(json.dumps(figures) + "\n")
    return int(max(value for name, value in figures.items() if name.endswith("_mb")) > LIMIT_MB)


if __name__ == "__main__":
    raise SystemExit(main())
