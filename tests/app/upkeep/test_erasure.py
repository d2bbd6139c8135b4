"""What should never have come in is gone from rows, copies, drafts and free pages; the chain still verifies."""

import gzip
import hashlib
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlmodel import Session, col

from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import (
    AuditEvent,
    Decision,
    Erasure,
    Job,
    JobStatus,
    LocalTest,
    MemoryEntry,
    SourceFile,
    StoredFile,
    StoredFileChunk,
    UploadDraft,
    UploadDraftFile,
    User,
    metadata,
)
from app.platform.database import make_engine, reading, transaction
from app.settings import Settings
from app.upkeep import erasure
from app.upkeep.audit_check import audit
from app.upkeep.erasure_places import Wanted, looked_at, places, without
from tests.app.review.conftest import Desk, desk
from tests.app.upkeep.conftest import RunMain
from tests.conftest import ADMINISTRATOR, TRANSCODER

__all__ = ["desk"]

NAME = "Zygomalas Théodora"
CSV = f"Code;Libellé;Milieu;Unité\r\nNA;Sodium;Sérum;mmol/L\r\nK;Dosage {NAME};Sérum;mmol/L\r\n"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (NAME, "vu pour ZYGOMALAS  THEODORA hier"),
        (NAME, "zygomalas-théodora"),
        ("2 85 05 78 006 084 36", "NIR 285057800608436"),
        ("285057800608436", "n° 2.85.05.78.006.084 36"),
        ("2850578006084", "285057800608436"),
    ],
)
def test_a_text_is_found_however_it_is_written(wanted: str, said: str) -> None:
    assert Wanted([wanted]).within(said)


def test_another_text_is_not_found() -> None:
    wanted = Wanted([NAME, "285057800608436"])
    assert not wanted.within("Zygomalas")
    assert not wanted.within("Zygomalas Théodorakis")
    assert not wanted.within("285057800608437")
    assert wanted.within_value({"cells": ["ZYGOMALAS", "Théodora"]}), "spread over the cells of a row"


@pytest.mark.parametrize("text", ["", "abc", "A. B.", "12 34"])
def test_a_text_too_short_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Wanted([text])


def _workbook(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<si><r><t>{text[:4]}</t></r><r><t>{text[4:]}</t></r></si>")
    return made.getvalue()


def _archive(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED if name.endswith("b.csv") else zipfile.ZIP_STORED)
    return made.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        NAME.encode(), NAME.encode("cp1252"), NAME.encode("utf-16"), b"x" + NAME.encode("utf-16-le"),
        gzip.compress(NAME.encode(), mtime=0), _workbook(NAME), _workbook("Zygomalas Th&#233;odora"),
        json.dumps({"text": NAME}).encode(), _archive(("a.csv", b"x"), ("b.xlsx", _workbook(NAME))),
        _archive((f"{NAME}.csv", b"x")), _archive(("a.csv", b"x" * 99), ("b.csv", NAME.encode())).replace(
            b"x" * 99, b"y" * 99
        ),
        gzip.compress(_archive(("b.xlsx", _workbook(NAME))), mtime=0),
    ],
    ids=["UTF-8", "cp1252", "UTF-16", "UTF-16 within", "compressed", "workbook", "workbook with entities",
         "JSON with escapes", "archive", "name within an archive", "beside a part that is damaged", "twice compressed"],
)  # fmt: skip
def test_a_text_is_found_in_files(content: bytes) -> None:
    assert Wanted([NAME]).within_bytes(content)
    assert not Wanted(["Quelqu'un d'autre"]).within_bytes(content)


def test_what_is_left_of_a_json_value_keeps_its_shape() -> None:
    assert without(Wanted([NAME]), {"a": [NAME, "reste", 3], "b": None}) == {"a": ["", "reste", 3], "b": None}
    assert without(Wanted([NAME]), ["Zygomalas", "Théodora", 3]) == ["", "", 3]


def test_every_table_is_searched_or_holds_no_text_of_anybody() -> None:
    told = {table.name for table in looked_at()}
    assert set(metadata.tables) - told <= {
        "chain_link", "chain_head", "text_salt", "erasure", "tally_rule", "coverage_day", "job_turn",
        "loinc_axis_value",
        "loinc_french_name", "loinc_map_to", "loinc_panel_member", "loinc_release", "loinc_term", "loinc_term_text",
        "nabm_alignment", "value_set_member",
    }  # fmt: skip


def _spread(desk: Desk) -> None:
    """The name, everywhere where a name may come."""
    desk.decide(desk.glucose, comment=f"vu pour {NAME}", justification="milieu dit ailleurs")
    with transaction(desk.engine) as session:
        test = session.get_one(LocalTest, desk.sodium)
        test.label, test.synonym = f"SODIUM {NAME.upper()}", f"Na {NAME}"
        session.add(test)
        file = SourceFile(
            catalogue_id=desk.catalogue_id, kind="TABULAR", file_name=f"{NAME}.csv", content=CSV.encode(),
            sha256=hashlib.sha256(CSV.encode()).hexdigest(), columns={"code": 0},
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.connection().execute(
            insert(metadata.tables["source_row"]),
            [{"source_file_id": file.id, "row_number": 3, "cells": ["K", f"Dosage {NAME}"]},
             {"source_file_id": file.id, "row_number": 2, "cells": ["NA", "Sodium"]}],
        )  # fmt: skip
        user = desk.world.users[TRANSCODER]
        draft = UploadDraft(user_id=user.id or 0, laboratory_id=desk.world.laboratory_id)
        session.add(draft)
        session.flush()
        session.add(UploadDraftFile(draft_id=draft.id or 0, file_name="x.xlsx", content=_workbook(NAME)))
        stored = StoredFile(title="copie", published_key="copie", chunk_count=1)
        session.add(stored)
        session.flush()
        session.add(StoredFileChunk(file_id=stored.id or 0, position=0, content=gzip.compress(NAME.encode())))
        session.add(Job(kind="proposals", status=JobStatus.DONE, message=f"fini {NAME}", payload={"named": [NAME]}))
        session.add(
            MemoryEntry(
                laboratory_id=desk.world.laboratory_id, signature="theodora zygomalas", label=NAME, loinc_num="2951-2",
                source_name="mémoire",
            )
        )
        session.add(AuditEvent(action="essai.fait", details={"file_name": f"{NAME}.csv"}))
        session.execute(update(metadata.tables["proposal"]).values(evidence=[
            {"axis": "component", "verdict": "agree", "sentence": f"lu dans {NAME}", "local": NAME, "term": "x"}
        ]))  # fmt: skip


def _erase(desk: Desk, tmp_path: Path, **said: str) -> erasure.Erased:
    asked = {"email": ADMINISTRATOR, "reason": "un nom est entré par un fichier"} | said
    return erasure.erase(desk.engine, Settings(data_dir=tmp_path), Wanted([NAME]), **asked)


def _left(engine: Engine, text: str = NAME) -> list[object]:
    with reading(engine) as session:
        return list(places(session.connection(), Wanted([text])))


def test_it_is_gone_from_everywhere_and_the_chain_verifies(desk: Desk, tmp_path: Path) -> None:
    with Session(desk.engine) as session:
        before = {item.sentence for item in audit(session).findings}
    _spread(desk)
    assert {item.table for item in erasure.find(desk.engine, Wanted([NAME])).places} >= {
        "audit_event", "decision", "job", "local_test", "memory_entry", "proposal", "source_file", "source_row",
        "stored_file_chunk", "upload_draft_file",
    }  # fmt: skip
    done = _erase(desk, tmp_path)
    assert done.left == []
    assert done.files == 1
    assert _left(desk.engine) == []
    assert _left(desk.engine, "theodora zygomalas") == [], "the same words in another order went too"
    with Session(desk.engine) as session:
        verdict = audit(session)
        after = {item.sentence for item in verdict.findings}
        assert after <= before, "the chain still verifies"
        assert verdict.erased == 5
        fact = session.exec(select(Decision).where(col(Decision.local_test_id) == desk.glucose)).scalar_one()  # type: ignore[call-overload]
        assert (fact.comment, fact.justification) == ("", "milieu dit ailleurs")
        cells = session.execute(select(metadata.tables["source_row"].c.cells)).scalars().all()
        assert ["NA", "Sodium"] in cells, "other rows stay"
        event = session.execute(select(AuditEvent).where(col(AuditEvent.action) == "erasure.done")).scalar_one()
        assert NAME not in json.dumps(event.details, ensure_ascii=False)
        assert event.details["reason"] == "un nom est entré par un fichier"
        assert {item.author_id for item in session.execute(select(Erasure)).scalars()} == {
            desk.world.users[ADMINISTRATOR].id
        }


def test_a_file_whose_rows_hold_it_goes_also_when_its_bytes_cannot_be_read(desk: Desk, tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0 no format of ours"
    with transaction(desk.engine) as session:
        file = SourceFile(
            catalogue_id=desk.catalogue_id, kind="TABULAR", file_name="x.xls", content=content, columns={},
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        session.add(file)
        session.flush()
        row = {"source_file_id": file.id, "row_number": 1, "cells": ["K", NAME]}
        session.connection().execute(insert(metadata.tables["source_row"]), [row])
    assert _erase(desk, tmp_path).files == 1
    with reading(desk.engine) as session:
        assert session.get_one(SourceFile, file.id).content == b""


def test_the_pages_of_the_row_still_open(desk: Desk, tmp_path: Path, client_for) -> None:  # type: ignore[no-untyped-def]
    _spread(desk)
    _erase(desk, tmp_path)
    client = client_for(TRANSCODER)
    for path in ("revue", f"revue/{desk.sodium}", f"revue/{desk.glucose}", "coherence", "couverture"):
        answer = client.get(f"{desk.base}/{path}")
        assert answer.status_code == 200, (path, answer.text[:300])
        assert "ygomalas" not in answer.text
    with reading(desk.engine) as session:
        file = session.execute(select(SourceFile.id)).scalars().first()  # type: ignore[call-overload]
    answer = client.get(f"{desk.base}/fichiers/{file}")
    assert answer.status_code == 409
    assert "a été effacé" in answer.text


def test_only_an_administrator_erases_with_a_reason_that_does_not_say_it(desk: Desk, tmp_path: Path) -> None:
    _spread(desk)
    with pytest.raises(NotFoundError, match="administrateur"):
        _erase(desk, tmp_path, email=TRANSCODER)
    for reason in ("", " \u200b ", f"à cause de {NAME}"):
        with pytest.raises(InvalidInputError, match="motif"):
            _erase(desk, tmp_path, reason=reason)
    with transaction(desk.engine) as session:
        session.execute(update(Job).values(status=JobStatus.RUNNING))
    with pytest.raises(ConflictError, match="travail en cours"):
        _erase(desk, tmp_path)
    assert _left(desk.engine) != [], "a refusal erases nothing"


def _killed(*_given: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.only("postgresql", "the files of the server; those of SQLite are looked at below")
@pytest.mark.parametrize("was_killed", [False, True])
def test_no_byte_of_it_stays_in_the_files_of_a_server(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_killed: bool
) -> None:
    """Also in what the server learned of each column, and when an erasure was killed before it emptied the pages."""
    _spread(desk)
    with desk.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))
        number = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar()
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")
    files = folder / "base" / str(number)
    spelled = (NAME.encode(), NAME.upper().encode(), json.dumps(NAME)[1:-1].encode())

    def holding() -> list[Path]:
        return [path for path in files.iterdir() if any(text in path.read_bytes() for text in spelled)]

    assert len(holding()) > 3
    if was_killed:
        with monkeypatch.context() as patch:
            patch.setattr(erasure, "_empty_pages", _killed)
            with pytest.raises(KeyboardInterrupt):
                _erase(desk, tmp_path)
        assert _left(desk.engine) == []
        assert holding() != []
    _erase(desk, tmp_path)
    assert holding() == []


def test_no_byte_of_it_stays_on_disk(installed: Settings, run_main: RunMain, tmp_path: Path) -> None:
    engine = make_engine(installed.resolved_database_url)
    with transaction(engine) as session:
        session.add(User(email="adm@exemple.fr", display_name="Adm", password_hash="x", is_administrator=True))
        for number in range(200):
            session.add(AuditEvent(action="essai.fait", details={"said": f"{NAME} {number}", "filling": "x" * 500}))
        stored = StoredFile(title="copie", published_key="copie", chunk_count=1)
        session.add(stored)
        session.flush()
        session.add(StoredFileChunk(file_id=stored.id or 0, position=0, content=NAME.encode() * 5000))
    engine.dispose()
    backup = installed.data_dir / "sauvegardes" / "avant-migration-0001.sqlite3"
    backup.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(backup)) as copy:
        copy.execute("CREATE TABLE t (x)")
    texts = tmp_path / "textes.txt"
    texts.write_text(f"{NAME}\n", encoding="utf-8")
    code, out, _ = run_main("erase", str(texts))
    assert code == 3
    assert "audit_event : 200 lignes" in out
    assert NAME not in out
    said = ("--par", "adm@exemple.fr", "--motif", "reçu par erreur")
    code, out, err = run_main("erase", str(texts), "--confirmer", *said)
    assert (code, err) == (0, "")
    assert "audit_event : 200 lignes" in out
    assert f"Garde peut-être ces textes : {backup}" in out
    # Whatever this SQLite does with what it deletes: another one leaves it as it was, on the pages that are free.
    with closing(sqlite3.connect(installed.data_dir / "transcodeur.sqlite3")) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
    for path in installed.data_dir.rglob("*"):
        assert not path.is_file() or NAME.encode() not in path.read_bytes(), path
        assert not path.is_file() or json.dumps(NAME)[1:-1].encode() not in path.read_bytes(), path
    code, out, _ = run_main("erase", str(texts))
    assert (code, out) == (0, "Aucun de ces textes n'est dans la base.\n")
    assert run_main("verify-audit")[0] == 0
