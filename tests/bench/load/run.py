"""Many people at once, against a real server: `python -m tests.bench.load.run [--postgresql] [--transcoders 10] …`.

Builds an installation, starts the web server and the worker as an operator would (the worker niced), then the people
in a second process. Prints what each kind of request took, what each process cost, and compares what the people
were told with what the database holds. Exit status 1 when a limit is passed, a request failed, or a fact differs.
"""

import argparse
import json
import os
import platform
import re
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.platform.database import make_engine
from app.settings import Settings
from tests import postgresql
from tests.bench import figures
from tests.bench.load.installation import Held, Team, held, install

DECISION_P95_MS = 150
START_SECONDS = 120


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(int(value) for value in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Most memory that a process ever held resident."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) / 1000


@contextmanager
def started(environment: dict[str, str], log: Path, *command: str, nice: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A command of ours, in a process of its own, stopped at the end."""
    with log.open("wb") as journal:
        process = subprocess.Popen(
            ["nice", "-n", str(nice), sys.executable, "-m", "app.cli", *command],
            env=environment, stdout=subprocess.PIPE, stderr=journal, text=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def address_of(process: subprocess.Popen[str]) -> str:
    """Where a server that was just started listens."""
    assert process.stdout is not None
    while select.select([process.stdout], [], [], START_SECONDS)[0]:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found[0]
        if not line:
            break
    raise RuntimeError("the server did not start")


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def differences(told: dict[str, Any], found: Held) -> list[str]:
    """What the people were told that the database does not hold, and what it holds twice."""
    lines = []
    acknowledged = [(fact, row, action) for fact, row, action in told["decided"]]
    if len({fact for fact, _, _ in acknowledged}) != len(acknowledged):
        lines.append("two answers name one fact")
    lost = [fact for fact, row, action in acknowledged if found.decided.get(fact) != (row, action)]
    if lost:
        lines.append(f"{len(lost)} acknowledged decisions are not in the database: {lost[:5]}")
    unknown = set(found.decided) - {fact for fact, _, _ in acknowledged}
    if unknown and not told["errors"]:
        lines.append(f"{len(unknown)} decisions are in the database and were acknowledged to nobody")
    if found.doubled:
        lines.append(f"{found.doubled} decisions were recorded twice")
    for person, count in told["approved"].items():
        if found.approvals.get(person, 0) != count:
            lines.append(f"{person} was told of {count} approvals, the database holds {found.approvals.get(person, 0)}")
    return lines


def report(told: dict[str, Any]) -> None:
    """A table of the times."""
    say("| Demande | nombre | médiane (ms) | p95 (ms) | pire (ms) |")
    say("|---|---:|---:|---:|---:|")
    for kind, values in sorted(told["times"].items()):
        row = (statistics.median(values), percentile(values, 0.95), max(values))
        say(f"| {kind} | {len(values)} | " + " | ".join(f"{value:.0f}" for value in row) + " |")
    say()
    say("Réponses : " + ", ".join(f"{name} × {count}" for name, count in sorted(told["statuses"].items())))


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own; SQLite by default")
    parser.add_argument("--transcoders", type=int, default=10)
    parser.add_argument("--biologists", type=int, default=2)
    parser.add_argument("--imports", type=int, default=1)
    parser.add_argument("--laboratories", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2500, help="analyses of each catalogue")
    parser.add_argument("--import-rows", type=int, default=2500)
    parser.add_argument("--think", type=float, default=10, help="seconds between two keys of one person")
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """Build, load, report."""
    asked = arguments()
    team = Team(asked.transcoders, asked.biologists, asked.imports, asked.laboratories, asked.rows)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack, ExitStack() as processes:
        folder = Path(name)
        url = ""
        if asked.postgresql:
            url = stack.enter_context(stack.enter_context(postgresql.cluster(durable=True)).database())
        settings = Settings(data_dir=folder / "var", database_url=url, run_jobs_in_server=False)
        start = time.process_time()
        people = install(settings, team)
        say(f"installation: {time.process_time() - start:.0f} s of CPU")
        environment = os.environ | {
            "TRANSCODEUR_DATA_DIR": str(settings.data_dir),
            "TRANSCODEUR_RUN_JOBS_IN_SERVER": "false",
            "TRANSCODEUR_LOG_LEVEL": "warning",
            "PYTHONUNBUFFERED": "1",
        }
        if url:
            environment["TRANSCODEUR_DATABASE_URL"] = url
        servers = [
            processes.enter_context(started(environment, folder / f"serveur{number}.log", "serve", "--port", "0"))
            for number in range(asked.servers)
        ]
        addresses = [address_of(server) for server in servers]
        workers = [
            processes.enter_context(started(environment, folder / f"travaux{number}.log", "worker", nice=10))
            for number in range(asked.workers)
        ]
        plan = {"servers": addresses, "people": people, "seconds": asked.seconds, "think": asked.think,
                "import_rows": asked.import_rows}  # fmt: skip
        before = os.getloadavg()[0]
        clients = subprocess.run(
            [sys.executable, "-m", "tests.bench.load.people"],
            input=json.dumps(plan), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if clients.returncode:
            say(clients.stderr[-3000:])
            return 1
        told = json.loads(clients.stdout)
        costs = [
            *((f"serveur {n + 1}", cpu_seconds(one.pid), resident_mb(one.pid)) for n, one in enumerate(servers)),
            *((f"travaux {n + 1}", cpu_seconds(one.pid), resident_mb(one.pid)) for n, one in enumerate(workers)),
        ]
        processes.close()
        engine = make_engine(settings.resolved_database_url)
        found = held(engine)
        engine.dispose()
    say(f"{platform.platform()}, {os.cpu_count()} cœurs, Python {platform.python_version()}, "
        f"charge avant {before:.1f}")  # fmt: skip
    say(f"`{' '.join(['python -m tests.bench.load.run', *sys.argv[1:]])}`")
    say()
    report(told)
    for process, cpu, memory in costs:
        say(f"{process} : {cpu:.1f} s de CPU, {memory:.0f} Mo au plus")
    say(f"les personnes : {told['cpu_seconds']:.1f} s de CPU, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw}"
        " préemptions de leurs processus")  # fmt: skip
    say(f"{len(told['decided'])} décisions et {sum(told['approved'].values())} approbations acquittées, "
        f"{told['imported']} imports confirmés, {found.analyses} lignes en base")  # fmt: skip
    problems = differences(told, found) + told["errors"][:10]
    if asked.biologists and not sum(told["approved"].values()):
        problems.append("the biologists approved nothing: their load was not measured")
    p95 = percentile(told["times"].get("décision", [float("inf")]), 0.95)
    figures.keep(
        {
            "transcoders": asked.transcoders,
            "decision_p95_ms": round(p95, 1),
            "decisions": len(told["decided"]),
            "server_cpu_seconds": round(sum(cpu for _, cpu, _ in costs[: asked.servers]), 1),
            "server_memory_mb": round(max(memory for _, _, memory in costs[: asked.servers])),
        }
    )
    if p95 > DECISION_P95_MS:
        problems.append(f"p95 of a decision {p95:.0f} ms, limit {DECISION_P95_MS} ms")
    for problem in problems:
        say(f"ÉCART : {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
