"""What a large laboratory costs when it leaves, arrives and closes: `python -m tests.bench.bench_archive [analyses]`.

Makes a catalogue (20,000 analyses unless told otherwise) with three proposals a row, two thirds decided and one third
approved at once, and two thousand of the others in a transaction each, as people do; then its archive, its arrival in
another installation and its closing, each in a process of its own, so that the peak memory and the CPU seconds shown
are its own. Meanwhile another process asks for its turn to write on the same SQLite file, again and again: the longest
wait is shown, and how often the turn did not come within the fifteen seconds after which a page says so. The exit code
says whether the limits hold: 400 MB each, and nobody refused, but by an arrival, which is one transaction and is done
when nobody works.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Event, Process, Queue, get_context
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

import app.tallies.keeping  # noqa: F401 - whatever is written is counted
from app.audit.service import record
from app.models import Action, Decision, LoincRelease, ReviewState, Role, User
from app.platform.database import Transactions, make_engine, transaction
from app.platform.migrations import upgrade
from app.portability.closing import close_laboratory
from app.portability.storing import import_archive
from app.portability.writing import make_archive
from app.transcoding.facts import derive_state
from app.upgrades.service import load_starter
from tests.bench import figures
from tests.bench.bench_catalogue_10k import settings_of
from tests.bench.growth_catalogue import prepare

ANALYSES = 20_000
ONE_BY_ONE = 2_000
MOST_MEGABYTES = 400.0
ARCHIVE = "laboratoire.zip"
HERE, THERE = "ici", "ailleurs"


def made(folder: Path, count: int) -> int:
    """Fill the installation that the laboratory leaves; returns how many rows were decided one by one."""
    filled = prepare(folder / HERE, count)
    with Session(filled.engine) as session:
        author = session.execute(select(col(User.id)).order_by(col(User.id)).limit(1)).scalar_one()
        release = session.execute(select(col(LoincRelease.id)).limit(1)).scalar_one()
    todo = filled.todo[:ONE_BY_ONE]
    for test_id in todo:
        with transaction(filled.engine) as session:
            _decide(session, test_id, author or 0, release or 0)
    filled.engine.dispose()
    _empty(folder / THERE)
    return len(todo)


def _decide(session: Session, test_id: int, author: int, release: int) -> None:
    decision = Decision(
        local_test_id=test_id, action=Action.CHOOSE, loinc_num="2345-7", relation="equivalent", release_id=release,
        author_id=author, author_role=Role.TRANSCODER, justification="Relu avec la notice du réactif.",
    )  # fmt: skip
    session.add(decision)
    session.flush()
    state, found = session.get_one(ReviewState, test_id), derive_state([decision])
    for name in found.__slots__:
        setattr(state, name, getattr(found, name))
    record(
        session, "decision.choose", actor=session.get_one(User, author), object_type="local_test", object_id=test_id,
        laboratory_id=1, decision_id=decision.id,
    )  # fmt: skip


def _empty(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    engine = make_engine(settings_of(folder).resolved_database_url)
    upgrade(engine)
    with transaction(engine) as session:
        load_starter(session)
    engine.dispose()


def archived(folder: Path) -> int:
    """Make the archive; returns its bytes."""
    engine = make_engine(settings_of(folder / HERE).resolved_database_url)
    archive = make_archive(
        Transactions(engine), 1, lambda path, _said: (folder / ARCHIVE).write_bytes(path.read_bytes()) and None
    )
    return archive.size


def arrived(folder: Path) -> int:
    """Import it elsewhere; returns its rows."""
    engine = make_engine(settings_of(folder / THERE).resolved_database_url)
    return import_archive(engine, folder / ARCHIVE).rows


def closed(folder: Path) -> int:
    """Close the laboratory where it began; returns how many rows went."""
    engine = make_engine(settings_of(folder / HERE).resolved_database_url)
    with Session(engine) as session:
        person = session.execute(select(User).limit(1)).scalar_one()
        name = "Laboratoire d'essai"
        session.expunge(person)
    return close_laboratory(Transactions(engine), 1, name, person, lambda _path, _said: None).rows


@dataclass(frozen=True, slots=True)
class Measured:
    """What a step cost, and what its number counts."""

    seconds: float
    cpu: float
    megabytes: float
    number: int


def measured(step: Callable[[Path], int], folder: Path) -> Measured:
    """Do a step in this process."""
    started, spent = time.perf_counter(), _cpu()
    number = step(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(time.perf_counter() - started, _cpu() - spent, peak, number)


def _cpu() -> float:
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


# ---- somebody else, who writes meanwhile ---------------------------------------------------------------------------


def write_again_and_again(url: str, over: Any, told: Any) -> None:
    """Ask for a turn, a hundred times a second at most; tell the longest wait and how many were refused."""
    engine = make_engine(url)
    longest, refused = 0.0, 0
    while not over.is_set():
        asked = time.perf_counter()
        try:
            with engine.begin():
                pass
        except OperationalError:
            refused += 1
        longest = max(longest, time.perf_counter() - asked)
        time.sleep(0.01)
    told.put((longest, refused))
    engine.dispose()


@contextmanager
def somebody_else(folder: Path, said: list[tuple[float, int]]) -> Iterator[None]:
    """Within the block, another process writes in this installation."""
    over: Any = Event()
    told: Any = Queue()
    other = Process(target=write_again_and_again, args=(settings_of(folder).resolved_database_url, over, told))
    other.start()
    try:
        yield
    finally:
        over.set()
        said.append(told.get())
        other.join()


STEPS: tuple[tuple[str, Callable[[Path], int], str, str], ...] = (
    ("archive", archived, HERE, "octets"),
    ("arrivée", arrived, THERE, "lignes"),
    ("fermeture", closed, HERE, "lignes effacées"),
)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANALYSES
    context = get_context("spawn")
    holds = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / HERE).mkdir()
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            one_by_one = pool.submit(made, folder, count).result()
        sys.stdout.write(f"Laboratoire de {count} analyses, {one_by_one} décidées une à une\n")
        headings = f"{'Étape':<12}{'secondes':>10}{'dont CPU':>10}{'Mo au plus':>12}{'attente':>10}{'refus':>7}"
        sys.stdout.write(f"{headings}{'compte':>14}\n")
        for title, step, place, unit in STEPS:
            waits: list[tuple[float, int]] = []
            with somebody_else(folder / place, waits), ProcessPoolExecutor(1, mp_context=context) as pool:
                found = pool.submit(measured, step, folder).result()
            ((longest, refused),) = waits
            sys.stdout.write(
                f"{title:<12}{found.seconds:>10.1f}{found.cpu:>10.1f}{found.megabytes:>12.0f}{longest:>8.1f} s"
                f"{refused:>7}{found.number:>14} {unit}\n"
            )
            sys.stdout.flush()
            holds &= found.megabytes <= MOST_MEGABYTES and (not refused or step is arrived)
            figures.keep({f"{step.__name__}_s": found.seconds, f"{step.__name__}_wait_s": longest})
    sys.stdout.write(
        f"Limites : {MOST_MEGABYTES:.0f} Mo, et personne n’attend en vain son tour d’écrire ; une arrivée, d’une seule "
        "transaction, se fait quand personne ne travaille.\n"
    )
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
