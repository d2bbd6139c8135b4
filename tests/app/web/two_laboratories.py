"""One installation with two laboratories that each have one of everything, and every kind of person and program."""

import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.memory.service import import_memory
from app.models import (
    Batch,
    Decision,
    EffectiveRun,
    ImportProfile,
    Job,
    JobStatus,
    Laboratory,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Membership,
    MemoryEntry,
    Proof,
    ReadingRequest,
    Role,
    SignOff,
    SourceFile,
    StoredFile,
    UploadDraft,
    UploadDraftFile,
    User,
    ValueSet,
    ValueSetKind,
    utc_now,
)
from app.platform.database import Transactions, transaction
from app.platform.identity import LaboratoryAccess
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from app.tokens.service import create_token
from app.versions.canonical import canonical_content, content_sha256
from tests.app.approval.opened import read_case
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.memory.files import CONCEPT_MAP_R4
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, World

NOTHING_SIGNED = canonical_content("2.80", [])
SODIUM, POTASSIUM = "2951-2", "2823-3"
CATALOGUE = (
    "code;libelle;unite;milieu\nNA;Sodium dosé;mmol/L;Sérum\nK;Potassium;mmol/L;Sérum\nCL;Chlorure;mmol/L;Sérum\n"
).encode()
NOBODY, STRANGER_WITH_ALL_ROLES = "personne@exemple.fr", "biologiste.gare@exemple.fr"
MEMBERS = {"reader": READER, "transcoder": TRANSCODER, "biologist": BIOLOGIST}
PEOPLE = {"none": NOBODY, "outsider": OUTSIDER, "admin": ADMINISTRATOR, **MEMBERS}
PROGRAM, ANONYMOUS = "token", "anonymous"


@dataclass
class Side:
    """The identifiers of a laboratory, by parameter of the routes; those of one person's own by (parameter, person)."""

    values: dict[str, object] = field(default_factory=dict)
    owned: dict[tuple[str, str], object] = field(default_factory=dict)
    token: str = ""

    def value(self, name: str, person: str) -> object:
        """The identifier that this person would use."""
        return self.owned.get((name, person), self.values[name])


@dataclass
class Installation:
    """Both sides, the signed-in browsers, and the state to come back to after each write."""

    world: World
    own: Side
    other: Side
    clients: dict[str, TestClient]
    file: Path

    @contextmanager
    def as_it_was(self, is_write: bool) -> Iterator[None]:
        """What a write changes is put back afterwards."""
        yield
        if is_write:
            self.world.engine.dispose()
            for suffix in ("-wal", "-shm"):
                self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(self.file.with_suffix(".kept"), self.file)


def build(application: FastAPI, world: World, settings: Settings) -> Installation:
    """Everything, through the services where they make it, and sessions of everybody."""
    with transaction(world.engine) as session:
        release = LoincRelease(version="2.80", kind="official", term_count=2, is_current=True)
        session.add(release)
        session.flush()
        for number, component in ((SODIUM, "Sodium"), (POTASSIUM, "Potassium")):
            session.add(LoincTerm(release_id=release.id, loinc_num=number, component=component, status="ACTIVE",
                                  long_common_name=component))  # fmt: skip
        listed = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", version="1", source_name="circuit.csv")
        session.add(listed)
        for email in (NOBODY, STRANGER_WITH_ALL_ROLES):
            world.users[email] = User(email=email, display_name=email.split("@")[0], password_hash="!")
            session.add(world.users[email])
        session.flush()
        session.add(
            Membership(
                user_id=world.user_id(STRANGER_WITH_ALL_ROLES),
                laboratory_id=world.other_laboratory.id,
                role=Role.BIOLOGIST,
            )
        )
        shared = {
            "user_id": world.user_id(READER), "release_id": release.id, "value_set_id": listed.id,
            "loinc_num": SODIUM, "document": "rapport", "asked": "pdf", "key_id": 999_999, "definition_id": 999_999,
            "handle": "0" * 32, "secret": "x" * 43,
        }  # fmt: skip
    clients = {person: _client(application, world, email, settings) for person, email in PEOPLE.items()}
    stranger = _client(application, world, STRANGER_WITH_ALL_ROLES, settings)
    clients[ANONYMOUS] = TestClient(application, follow_redirects=False)
    own = _side(world, world.laboratory, MEMBERS, clients["transcoder"], clients["biologist"])
    other = _side(
        world, world.other_laboratory, {"outsider": OUTSIDER}, clients["outsider"], stranger
    )
    own.values |= shared
    other.values |= shared
    clients[PROGRAM] = TestClient(
        application, follow_redirects=False, headers={"Authorization": f"Bearer {own.token}"}
    )
    _fhir_identifiers(application, own)
    _fhir_identifiers(application, other)
    assert world.engine.url.database is not None
    file = Path(world.engine.url.database)
    world.engine.dispose()
    with closing(sqlite3.connect(file)) as made, closing(sqlite3.connect(file.with_suffix(".kept"))) as kept:
        made.backup(kept)
    return Installation(world, own, other, clients, file)


def _client(application: FastAPI, world: World, email: str, settings: Settings) -> TestClient:
    with transaction(world.engine) as session:
        token = open_session(session, world.users[email], settings)
    client = TestClient(application, follow_redirects=False, raise_server_exceptions=False)
    client.cookies.set(SESSION_COOKIE, token)
    return client


def _side(
    world: World, laboratory: Laboratory, members: dict[str, str], chooser: TestClient, approver: TestClient
) -> Side:
    assert laboratory.id is not None
    first = next(iter(members.values()))
    owner = world.users[TRANSCODER if TRANSCODER in members.values() else first]
    # A token lives as long as its author could make it.
    biologist = world.users[BIOLOGIST if BIOLOGIST in members.values() else STRANGER_WITH_ALL_ROLES]
    with transaction(world.engine) as session:
        file = IncomingFile("catalogue.csv", CATALOGUE)
        catalogue_id = import_files(session, laboratory.id, [file], catalogue_name="Catalogue").catalogue_id
    access = LaboratoryAccess(owner, laboratory, Role.TRANSCODER)
    import_memory(Transactions(world.engine), access, [("carte.json", as_bytes(CONCEPT_MAP_R4))], 1_000_000)
    with transaction(world.engine) as session:
        rows = {test.code: test.id for test in session.exec(_tests(catalogue_id))}
    for code, number in (("NA", SODIUM), ("K", POTASSIUM)):
        form = {"version": "0", "action": "choose", "retenir": number, "loinc_num": number, "justification": "Essai"}
        answer = chooser.post(f"/catalogues/{catalogue_id}/revue/{rows[code]}/decision", data=form)
        assert answer.status_code == 303, answer.text
    form = {"version": "1", "action": "approve", "justification": "Essai"}
    form["lu"] = read_case(approver, f"/catalogues/{catalogue_id}", rows["NA"])
    answer = approver.post(f"/catalogues/{catalogue_id}/approbation/{rows['NA']}?depuis=revue", data=form)
    assert answer.status_code == 303, answer.text
    form = {"version": "0", "action": "no_loinc", "reason": "Essai de demande"}
    answer = chooser.post(f"/catalogues/{catalogue_id}/revue/{rows['CL']}/decision", data=form)
    assert answer.status_code == 303, answer.text
    side = Side({"laboratory_id": laboratory.id, "catalogue_id": catalogue_id, "local_test_id": rows["K"]})
    side.values["request_id"] = rows["CL"]
    with transaction(world.engine) as session:
        _add_rows(session, side, laboratory.id, catalogue_id, owner, rows["K"] or 0)
        for person, email in members.items():
            _add_owned(session, side, laboratory.id, catalogue_id, world.user_id(email), person)
        _, side.token = create_token(session, laboratory, name="SGL", lifetime="365", actor=biologist)
    for name in ("draft_id", "earlier_draft_id", "prepared_id"):
        side.values[name] = next(value for (key, _), value in side.owned.items() if key == name)
    return side


def _tests(catalogue_id: int):  # type: ignore[no-untyped-def]
    return select(LocalTest).where(col(LocalTest.catalogue_id) == catalogue_id)


def _add_rows(
    session: Session, side: Side, laboratory_id: int, catalogue_id: int, owner: User, decided: int
) -> None:
    profile = ImportProfile(laboratory_id=laboratory_id, name="Profil", created_by_id=owner.id)
    batch = Batch(catalogue_id=catalogue_id, kind="group", action="choose", author_id=owner.id or 0, title="Lot")
    approvals = Batch(
        catalogue_id=catalogue_id, kind="approval", action="approve", author_id=owner.id or 0, title="Approbations"
    )
    job = Job(kind="proposals", laboratory_id=laboratory_id, catalogue_id=catalogue_id, status=JobStatus.FAILED,
              created_by_id=owner.id, message="Essai")  # fmt: skip
    decision = session.exec(select(Decision).where(col(Decision.local_test_id) == decided)).first()
    assert decision is not None
    reading = ReadingRequest(catalogue_id=catalogue_id, local_test_id=decided, decision_id=decision.id or 0,
                             discipline="Biochimie", origin="draw")  # fmt: skip
    token, _ = create_token(session, session.get_one(Laboratory, laboratory_id), name="À révoquer", lifetime="365",
                            actor=owner)  # fmt: skip
    signed = SignOff(
        laboratory_id=laboratory_id, catalogue_id=catalogue_id, version=1, completes=True,
        chapters=[["", 0, 0, content_sha256(NOTHING_SIGNED), [0, 0, 0, 0, 0, 0]]], signer_id=owner.id or 0,
        signer_name=owner.display_name, rpps="10003000014", is_rpps_of_provider=False, title="biologiste",
        finess_ej="2A0000014", proof=Proof.KEY, proved_at=utc_now(), release_version="2.80", sentence="Essai",
        content_sha256=content_sha256(NOTHING_SIGNED), mapping_sha256=content_sha256(NOTHING_SIGNED),
        content=zlib.compress(NOTHING_SIGNED), compressed_sha256="0" * 64,
    )  # fmt: skip
    measured = EffectiveRun(
        laboratory_id=laboratory_id, catalogue_id=catalogue_id, release_version="2.80", release_hash="0" * 64,
        has_circuit=False, files=1, reports=0, level1_reports=0, deleted_reports=0, damaged=0, results=0, effective=0,
        by_loinc_alone=0, local_codes=0, effective_local_codes=0,
    )  # fmt: skip
    session.add_all([profile, batch, approvals, job, reading, signed, measured])
    session.flush()
    source = session.exec(select(SourceFile).where(col(SourceFile.catalogue_id) == catalogue_id)).one()
    entry = session.exec(select(MemoryEntry).where(col(MemoryEntry.laboratory_id) == laboratory_id)).first()
    assert entry is not None
    side.values |= {
        "profile_id": profile.id, "public_id": batch.public_id,
        "approval_batch_id": approvals.public_id, "job_id": job.id, "token_id": token.id,
        "signature_id": signed.public_id, "run_public_id": measured.public_id,
        "file_id": source.id, "entry_id": entry.id, "demande": reading.public_id,
    }  # fmt: skip


def _add_owned(
    session: Session, side: Side, laboratory_id: int, catalogue_id: int, user_id: int, person: str
) -> None:
    draft = UploadDraft(user_id=user_id, laboratory_id=laboratory_id, catalogue_name="Nouveau")
    earlier = UploadDraft(user_id=user_id, laboratory_id=laboratory_id, catalogue_id=catalogue_id,
                          is_earlier_work=True)  # fmt: skip
    prepared = StoredFile(published_key=f"essai-{laboratory_id}-{person}", laboratory_id=laboratory_id,
                          catalogue_id=catalogue_id, created_by_id=user_id, title="Rapport", file_name="r.json",
                          media_type="application/json")  # fmt: skip
    session.add_all([draft, earlier, prepared])
    session.flush()
    for item in (draft, earlier):
        session.add(UploadDraftFile(draft_id=item.id, file_name="c.csv", content=CATALOGUE))
    side.owned |= {
        ("draft_id", person): draft.id, ("earlier_draft_id", person): earlier.id, ("prepared_id", person): prepared.id
    }  # fmt: skip


def _fhir_identifiers(application: FastAPI, side: Side) -> None:
    """The identifiers of the resources, as the service tells them to the laboratory's own program."""
    headers = {"Authorization": f"Bearer {side.token}"}
    with TestClient(application, headers=headers) as client:
        for kind in ("CodeSystem", "ConceptMap", "ValueSet"):
            entries = client.get(f"/fhir/{kind}").json().get("entry", [])
            own = [item["resource"] for item in entries if item["resource"].get("id")]
            assert own, kind
            side.values[f"{kind}.resource_id"] = own[0]["id"]
            side.values[f"{kind}.version_id"] = own[0].get("meta", {}).get("versionId", "1")
