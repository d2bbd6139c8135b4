"""How long one write holds the database: `python -m tests.bench.bench_writes [--sizes 10000,60000] [--uncounted]`.

For each size, on a new SQLite database: every work that writes much, with its longest writing transaction (from BEGIN
granted to COMMIT returned) and the number of its writing transactions, as a Markdown table. `--uncounted` leaves out
the entries and counts that `app.tallies` keeps in the same transactions.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, insert, update
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, SQLModel, col, select

import app.main
from app.approval.service import approve_many
from app.catalogues import drafts
from app.files.choices import IncomingFile
from app.jobs.queue import JobQueue
from app.jobs.runner import run_job
from app.memory.service import import_memory
from app.models import (
    Action,
    Decision,
    Job,
    JobStatus,
    Laboratory,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Membership,
    ReviewState,
    Role,
    StoredFile,
    UploadDraft,
    UploadDraftFile,
    User,
    utc_now,
)
from app.platform.apart import Here
from app.platform.database import Transactions, make_engine, reading, transaction
from app.platform.identity import LaboratoryAccess, catalogue_access
from app.reimport.service import compared
from app.settings import Settings
from app.storage import service as storage
from app.tallies import keeping
from app.terminology.value_set_files import ColumnMap
from app.terminology.value_sets import load_value_sets
from app.upgrades.service import load_starter, make_current
from loinc_data.tables import load_starter_terms
from tests.bench.bench_catalogue_10k import files_of
from tests.bench.transaction_times import TransactionTimes

SIZES = (10_000, 60_000)
APPROVED_AT_ONCE = 100
PREPARED_MEGABYTES = 20
AS_USUAL = "fichier.csv"


class Bench:
    """One installation of a laboratory with a transcoder and a biologist, and the catalogue that grows in it."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.settings = Settings(data_dir=folder, run_jobs_in_server=False)
        self.engine = make_engine(self.settings.resolved_database_url)
        self.rows = rows
        self.analyses, *self.others = _by_kind(files_of(rows))
        self.newer = _by_kind(files_of(rows, newer=True))[0]
        SQLModel.metadata.create_all(self.engine)
        with transaction(self.engine) as session:
            laboratory = Laboratory(name="Laboratoire d'essai", finess="750000001")
            people = [
                User(email=f"{name}@exemple.fr", display_name=name, password_hash="!") for name in ("essai", "autre")
            ]
            session.add_all([laboratory, *people])
            session.flush()
            session.add_all(
                Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=Role.BIOLOGIST)
                for user in people
            )
            load_starter(session)
        self.times = TransactionTimes(self.engine)

    def access(self, session: Session) -> LaboratoryAccess:
        """The rights of the first biologist."""
        return LaboratoryAccess(session.get_one(User, 1), session.get_one(Laboratory, 1), Role.BIOLOGIST)

    def _draft(self, files: Sequence[IncomingFile], catalogue_id: int | None) -> int:
        with transaction(self.engine) as session:
            name = "" if catalogue_id else "Grand catalogue"
            draft = UploadDraft(user_id=1, laboratory_id=1, catalogue_id=catalogue_id, catalogue_name=name)
            session.add(draft)
            session.flush()
            assert draft.id is not None
            session.add_all(
                UploadDraftFile(draft_id=draft.id, file_name=file.name, content=file.content, choices={})
                for file in files
            )
            return draft.id

    def _job(self, name: str, files: Sequence[IncomingFile], catalogue_id: int | None, digest: str = "") -> int:
        draft_id = self._draft(files, catalogue_id)
        with self.times.work(name):
            with transaction(self.engine) as session:
                queue = JobQueue(self.settings, self.engine)
                catalogue_id = drafts.confirm(session, self.access(session), draft_id, queue, digest)
                job_id = session.exec(select(Job.id).order_by(col(Job.id).desc())).first()
            assert job_id is not None
            run_job(self.engine, self.settings, job_id)
        with transaction(self.engine) as session:
            job = session.get_one(Job, job_id)
            assert job.status == JobStatus.DONE, job.message
            # The search for proposals is measured elsewhere.
            session.execute(update(Job).where(col(Job.status) == JobStatus.WAITING).values(status=JobStatus.CANCELLED))
        return catalogue_id

    def imports(self) -> None:
        """A new catalogue, then the other files of it."""
        catalogue_id = self._job("Nouvel import", [self.analyses], None)
        self._job("Ajout de LOINC_1 et LOINC_2", self.others, catalogue_id)

    def decide(self) -> None:
        """A code for one analysis in three, chosen by the other person."""
        numbers = [term.loinc_num for term in load_starter_terms()]
        with transaction(self.engine) as session:
            statement = select(LocalTest.id).where(LocalTest.level == Level.ANALYSIS).order_by(col(LocalTest.id))
            ids = [test_id for test_id in session.exec(statement) if test_id is not None][::3]
            facts = [
                {
                    "local_test_id": test_id, "action": Action.CHOOSE, "loinc_num": numbers[place % len(numbers)],
                    "relation": "equivalent", "release_id": 1, "author_id": 2, "author_role": Role.TRANSCODER,
                }
                for place, test_id in enumerate(ids)
            ]  # fmt: skip
            session.execute(insert(Decision), facts)
            found = session.exec(select(Decision.local_test_id, Decision.id, Decision.loinc_num)).all()
            states = [
                {
                    "local_test_id": test_id, "status": "decided", "outcome": "code", "loinc_num": number,
                    "version": 1, "decision_id": fact_id, "decided_by_id": 2,
                }
                for test_id, fact_id, number in found
            ]  # fmt: skip
            session.execute(update(ReviewState), states)
        with reading(self.engine) as session:
            access = catalogue_access(session, session.get_one(User, 1), 1)
        ticked = [(test_id, 1) for test_id in ids[:APPROVED_AT_ONCE]]
        with self.times.work(f"Approbation groupée de {APPROVED_AT_ONCE} lignes"):
            approve_many(Transactions(self.engine), access, ticked, self.settings)

    def reimport(self) -> None:
        """A newer export that changes one row in ten."""
        draft_id = self._draft([self.newer], 1)
        transactions = Transactions(self.engine)
        with reading(self.engine) as session:
            draft = session.get_one(UploadDraft, draft_id)
        plan = drafts.open_draft(self.engine, draft, self.settings.max_upload_bytes).plan
        digest = compared(transactions, 1, plan).difference.digest
        with transaction(self.engine) as session:
            drafts.abandon(session, session.get_one(UploadDraft, draft_id))
        self._job("Nouvel export, une ligne sur dix changée", [self.newer], 1, digest)

    def remember(self) -> None:
        """An earlier transcoding of every analysis."""
        numbers = [term.loinc_num for term in load_starter_terms()]
        lines = ["subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification"]
        lines += [
            f"A{row:05d}\tAnalyse {row}\tskos:exactMatch\tLOINC:{numbers[row % len(numbers)]}\t"
            "semapv:ManualMappingCuration"
            for row in range(self.rows)
        ]
        with reading(self.engine) as session:
            access = self.access(session)
        content = "\n".join(lines).encode()
        with self.times.work("Reprise d'un transcodage antérieur"):
            import_memory(Transactions(self.engine), access, [("repris.tsv", content)], 1 << 30)

    def release(self) -> None:
        """Another release, in which one decided code in two is no longer active."""
        with transaction(self.engine) as session:
            release = LoincRelease(version="essai", kind="official", status="ready")
            session.add(release)
            session.flush()
            release_id = release.id
            rows = [
                term.model_dump(exclude={"id"}) | {"release_id": release_id}
                for term in session.exec(select(LoincTerm).where(LoincTerm.release_id == 1))
            ]
            for place, row in enumerate(rows):
                row["status"] = "DEPRECATED" if place % 2 else row["status"]
            session.execute(insert(LoincTerm), rows)
        assert release_id is not None
        with self.times.work("Changement de version de LOINC"):
            make_current(Transactions(self.engine), release_id, may_be_cut=True)

    def value_set(self) -> None:
        """A list of as many codes."""
        body = "\n".join(f"{number}-{_check_digit(number)};Code {number}" for number in range(1000, 1000 + self.rows))
        content = f"Code LOINC;Libellé\n{body}\n".encode()
        columns = ColumnMap(kind=None, sheet="", code="", label="", nabm="", nabm_label="", version="")
        with self.times.work("Jeu de valeurs"):
            self._load(content, columns)

    def _load(self, content: bytes, columns: ColumnMap) -> None:
        load_value_sets(Transactions(self.engine), "circuit-biologie.csv", content, columns)

    def purge(self) -> None:
        """Imports never confirmed, and prepared files that are too old."""
        for _ in range(4):
            draft_id = self._draft([self.analyses], 1)
            with transaction(self.engine) as session:
                old = utc_now() - timedelta(days=30)
                session.execute(update(UploadDraft).where(col(UploadDraft.id) == draft_id).values(created_at=old))
        with reading(self.engine) as session:
            access = self.access(session)
        sent = [(AS_USUAL, b"Code;Libelle\nNA;Sodium\n")]
        with self.times.work("Oubli des imports non confirmés"):
            drafts.start(
                Transactions(self.engine), Here(self.engine), access, sent,
                catalogue_id=1, catalogue_name="", settings=self.settings,
            )
        piece = os.urandom(1 << 20)
        for number in range(2):
            file = StoredFile(laboratory_id=1, title="vieux", file_name="vieux", media_type="text/plain")
            draft = storage.write_draft(self.engine, file, (piece for _ in range(PREPARED_MEGABYTES)))
            with transaction(self.engine) as session:
                if number:
                    storage.publish(session, draft, "vieux").expires_at = utc_now() - timedelta(days=1)
                else:
                    session.get_one(StoredFile, draft.id).created_at = utc_now() - timedelta(days=9)
        with self.times.work(f"Effacement de fichiers préparés ({PREPARED_MEGABYTES} Mo chacun)"):
            storage.expire(self.engine, self.settings)


def _by_kind(files: Sequence[IncomingFile]) -> list[IncomingFile]:
    """The analyses first."""
    return sorted(files, key=lambda file: not file.name.startswith("LOINC_3"))


def _check_digit(number: int) -> int:
    """The last digit of a LOINC code (modulus 10)."""
    digits = [int(digit) for digit in str(number)][::-1]
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    return -sum(doubled) % 10


def _leave_counts_out() -> None:
    for name, listener in (
        ("after_flush", keeping._note_objects),
        ("do_orm_execute", keeping._note_statement),
        ("before_commit", keeping._settle_at_the_end),
        ("after_soft_rollback", keeping._forget_pending),
    ):
        event.remove(AnySession, name, listener)


def measured(rows: int) -> dict[str, list[tuple[float, float]]]:
    """Work -> seconds of each of its writing transactions, by the clock and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), rows)
        bench.imports()
        bench.decide()
        bench.reimport()
        bench.remember()
        bench.release()
        bench.value_set()
        bench.purge()
        return bench.times.seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--uncounted", action="store_true")
    options = parser.parse_args()
    app.main.create_app  # noqa: B018 - every kind of job is registered
    if options.uncounted:
        _leave_counts_out()
    out = sys.stdout
    before = os.getloadavg()[0]
    out.write("| Lignes | Travail | Plus longue transaction (ms) | dont processeur (ms) | Transactions |\n")
    out.write("|---:|---|---:|---:|---:|\n")
    for rows in map(int, options.sizes.split(",")):
        for name, seconds in measured(rows).items():
            longest, busy = (1000 * second for second in max(seconds, default=(0.0, 0.0)))
            out.write(f"| {rows} | {name} | {longest:.0f} | {busy:.0f} | {len(seconds)} |\n")
            out.flush()
    out.write(f"\nCharge de la machine : {before:.1f} avant, {os.getloadavg()[0]:.1f} après, {os.cpu_count()} cœurs.\n")


if __name__ == "__main__":
    main()
