"""How many SQL statements each page and each act costs, whatever the size of the catalogue.

The table below is the limit of each; a catalogue four times larger costs exactly as many. A page that reads something
once for each of its rows fails here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from app.models import Job, JobStatus, ReviewState, Status, User
from app.platform.database import reading, transaction
from tests.bench.bench_growth import BULK, counting
from tests.bench.growth_catalogue import Bench, prepare
from tests.postgresql import Cluster

SMALL = 540
LARGE = 4 * SMALL
LIMITS = {
    "queue": 18,
    "queue, filtered": 16,
    "case": 26,
    "case after a decision": 27,
    "case to approve": 31,
    "decision": 43,
    "choice of a code": 69,
    "undo": 38,
    "approval list": 22,
    "approval list of 100": 22,
    "approval list, codes found by search": 31,
    "bulk approval of 100": 52,
    "reading of a chapter": 21,
    "approval of a chapter": 17,
    "confirmation of 100": 15,
    "batch of approvals": 8,
    "taking 100 approvals back": 47,
    "coverage": 60,
    "exports": 50,
    "home": 12,
    "catalogue": 30,
    "memory": 9,
    "signatures": 20,
    "what changed since a version": 18,
    "what is about to be signed": 64,
    "jobs of the laboratory": 3,
    "all jobs": 3,
}
"""Statements of the second request of its kind, when the engine and what it remembers are there.

A decision reads the shares by which it may be drawn for a second reading, an approval what is known of that reading.
The case of a decision to approve reads its alerts, for the word that its page carries.
A case, decided or not, reads whether two readings differ; a decision and an undo, whether the row is hidden from a
second reader; the approval list, how many rows nobody can read again and how many were approved, then read otherwise.
What writes facts links them by hash: the rows noted, their head held, the links, the salts and the head stored, some
of them once a chain and once a table. The coverage reads the head of the chain that it prints.
A choice finds again the warnings of consistency of its code, and stores what differs: six statements, that of the
release among them, one of which is a lock that only a server takes.
The coverage and the exports say which version was signed: four statements, one where nothing was. What is counted by
definitions asks for the composed ones, for whether the list of codes is loaded, and keeps the figures that it printed.
The exports ask whether the laboratory came from elsewhere and waits for a release: one statement.
The landing pages count what waits in the double reading, in one statement for every catalogue and no further than 100.
"""
IDENTITY = {"portee": "tout", "titre": "biologiste", "rpps": "10003000014", "finess_ej": "2A0000014"}
WRITES = {"decision", "choice of a code", "undo", f"bulk approval of {BULK}", f"taking {BULK} approvals back"}
"""On a server these take their turn first, and hold the rule by which the counts are kept: two statements more
(`app.platform.locks`, `app.tallies.repository.hold_rule`)."""


@pytest.fixture
def place(tmp_path: Path, database_kind: str, request: pytest.FixtureRequest) -> Iterator[Callable[[int], Bench]]:
    """`place(size)`: an installation of its own with a catalogue of this size."""
    made: list[Bench] = []

    def make(size: int) -> Bench:
        url = ""
        if database_kind == "postgresql":
            cluster: Cluster = request.getfixturevalue("cluster")
            url = cluster.url(cluster.create())
        folder = tmp_path / str(size)
        folder.mkdir()
        made.append(prepare(folder, size, url))
        _add_jobs(made[-1], size // 6)
        return made[-1]

    yield make
    for bench in made:
        bench.engine.dispose()


def _add_jobs(bench: Bench, count: int) -> None:
    """Finished jobs of the catalogue, and an administrator who sees them all."""
    catalogue_id = int(bench.base.rpartition("/")[2])
    laboratory_id = int(bench.laboratory.rpartition("/")[2])
    with transaction(bench.engine) as session:
        session.execute(update(User).where(col(User.email) == "b@exemple.fr").values(is_administrator=True))
        job = {"kind": "proposals", "laboratory_id": laboratory_id, "catalogue_id": catalogue_id,
               "status": JobStatus.DONE, "created_by_id": 1, "payload": {}}  # fmt: skip
        session.execute(insert(Job), [dict(job) for _ in range(count)])


@dataclass
class Acts:
    """What is counted, by name; each act is done on rows that none was done on."""

    bench: Bench
    row: int = 0
    batch: str = ""
    """The page of the last batch of approvals."""

    def get(self, path: str) -> None:
        answer = self.bench.biologist.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])

    def decide(self, **said: str) -> tuple[int, str]:
        """Decide on a row; its identifier, and where the answer leads."""
        self.row += 1
        row_id = self.bench.todo[self.row]
        data = {"version": "0", "action": "no_loinc", "reason": "essai"} | said
        answer = self.bench.transcoder.post(f"{self.bench.base}/revue/{row_id}/decision", data=data)
        assert answer.status_code == 303, answer.text[:500]
        return row_id, answer.headers["location"]

    def choose(self) -> None:
        self.decide(action="choose", loinc_num="2345-7", justification="essai")

    def undo(self, row_id: int) -> None:
        answer = self.bench.transcoder.post(f"{self.bench.base}/revue/{row_id}/annulation", data={"version": "1"})
        assert answer.status_code == 303, answer.text[:500]

    def read_before_signing(self) -> str:
        """What is about to be signed; what names it in the form that signs."""
        answer = self.bench.biologist.post(f"{self.bench.base}/signature/relecture", data=IDENTITY)
        assert answer.status_code == 200, answer.text[2000:]
        found = re.search(r'name="vu" value="(\w+)"', answer.text)
        assert found is not None
        return found[1]

    def sign(self) -> None:
        data = IDENTITY | {"vu": self.read_before_signing()}
        answer = self.bench.biologist.post(f"{self.bench.base}/signature", data=data)
        assert answer.status_code == 303, answer.text[:500]

    def approve(self, first: int, count: int) -> None:
        rows = [f"{row_id}:1" for row_id in self.bench.waiting[first : first + count]]
        assert len(rows) == count
        answer = self.bench.biologist.post(f"{self.bench.base}/approbation", data={"choix": rows, "confirme": "oui"})
        assert answer.status_code == 303, answer.text[:500]
        self.batch = answer.headers["location"]
        with reading(self.bench.engine) as session:
            wanted = col(ReviewState.local_test_id).in_(self.bench.waiting[first : first + count])
            states = session.exec(select(ReviewState.status).where(wanted)).all()
        assert states == [Status.APPROVED] * count

    def take_back(self) -> None:
        address = self.batch.partition("?")[0] + "/reprise"
        answer = self.bench.biologist.post(address, data={"reason": "essai de reprise"})
        assert answer.status_code == 303, answer.text[:500]

    def confirm(self) -> None:
        rows = [f"{row_id}:1" for row_id in self.bench.waiting[2 : 2 + BULK]]
        answer = self.bench.biologist.post(f"{self.bench.base}/approbation", data={"choix": rows})
        assert f"{BULK} lignes seront approuvées" in answer.text


def counts(bench: Bench) -> dict[str, int]:
    """The statements of every page and act on this catalogue."""
    acts, base = Acts(bench), bench.base
    undone, _ = acts.decide()
    acts.undo(undone)
    undone, _ = acts.decide()
    _, following = acts.decide()
    for _ in range(3):
        acts.choose()
    acts.approve(0, 2)
    acts.read_before_signing()
    with counting(bench.engine) as statements:
        acts.read_before_signing()
    found = {"what is about to be signed": len(statements)}
    # What every document says of its version costs less where nothing was signed.
    acts.sign()
    pages = {
        "queue": f"{base}/revue",
        "signatures": f"{base}/signature",
        "what changed since a version": f"{base}/signature/comparaison?de=1",
        "queue, filtered": f"{base}/revue?etat=a-traiter&milieu=Urines",
        "case": f"{base}/revue/{bench.todo[40]}",
        "case after a decision": following,
        "case to approve": f"{base}/revue/{bench.waiting[-1]}",
        "approval list": f"{base}/approbation?tri=-fichier",
        "approval list of 100": f"{base}/approbation?tri=-fichier&taille=100",
        "reading of a chapter": f"{base}/approbation/lecture?chapitre=Chapitre+3",
        "approval of a chapter": f"{base}/approbation/lot?perimetre=chapitre&chapitre=Chapitre+3",
        "coverage": f"{base}/couverture",
        "exports": f"{base}/exports",
        "catalogue": base,
        "home": "/",
        "memory": f"{bench.laboratory}/memoire",
        "jobs of the laboratory": f"{bench.laboratory}/travaux",
        "all jobs": "/administration/travaux",
    }
    todo: dict[str, Callable[[], object]] = {name: lambda path=path: acts.get(path) for name, path in pages.items()}
    todo["approval list, codes found by search"] = lambda: acts.get(f"{base}/approbation?tri=fichier")
    todo["confirmation of 100"] = acts.confirm
    for act in todo.values():
        act()
    todo |= {
        "decision": acts.decide,
        "choice of a code": acts.choose,
        "undo": lambda: acts.undo(undone),
        f"bulk approval of {BULK}": lambda: acts.approve(2, BULK),
        "batch of approvals": lambda: acts.get(acts.batch),
        f"taking {BULK} approvals back": acts.take_back,
    }
    for name, act in todo.items():
        with counting(bench.engine) as statements:
            act()
        found[name] = len(statements)
    return found


def test_statements_do_not_grow_with_the_catalogue(place: Callable[[int], Bench], database_kind: str) -> None:
    small, large = counts(place(SMALL)), counts(place(LARGE))
    assert small == large
    turn = 2 if database_kind == "postgresql" else 0
    limits = {name: number + (turn if name in WRITES else 0) for name, number in LIMITS.items()}
    passed = {name: number for name, number in small.items() if number > limits.get(name, 0)}
    assert passed == {}, passed
    assert small.keys() == LIMITS.keys()
