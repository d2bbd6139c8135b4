"""`transcodeur verify-audit`: what it says, its heads kept outside, what was there before the chain."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlmodel import Session, select

from app.models import AuditEvent, ChainLink, LinkKind
from app.platform.database import make_engine, transaction
from app.platform.installation import migrate
from app.platform.migrations import alembic_config
from app.settings import Settings
from app.upkeep.audit_check import audit
from tests.app.console.english import english_in
from tests.app.platform.old_database import build
from tests.app.upkeep.conftest import RunMain


def _write(settings: Settings) -> None:
    engine = make_engine(settings.resolved_database_url)
    with transaction(engine) as session:
        session.add(AuditEvent(action="essai.fait", details={"file_name": "é.csv"}))
    engine.dispose()


def _tamper(settings: Settings, statement: str) -> None:
    with closing(sqlite3.connect(settings.data_dir / "transcodeur.sqlite3", isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(statement)
        for _, sql in triggers:
            connection.execute(sql)


def test_it_says_that_all_is_well_and_what_it_cannot_see(installed: Settings, run_main: RunMain) -> None:
    _write(installed)
    code, out, err = run_main("verify-audit")
    assert (code, err) == (0, "")
    assert "ne voit pas une chaîne entière recalculée" in out
    assert "Tête de l’installation : maillon " in out
    assert "Tout est tel qu'écrit" in out.splitlines()[-1]
    assert english_in(out) == []


def test_heads_kept_outside_tell_a_cut_tail(installed: Settings, run_main: RunMain, tmp_path: Path) -> None:
    kept = tmp_path / "tetes.json"
    _write(installed)
    code, out, _ = run_main("verify-audit", "--write-head", str(kept))
    assert code == 0
    assert "Têtes écrites" in out
    _write(installed)
    code, out, _ = run_main("verify-audit", "--head", str(kept))
    assert code == 0, "a chain that went on is well"
    assert "Les chaînes prolongent les têtes gardées" in out
    assert "ne voit pas" not in out
    position = json.loads(kept.read_bytes())["heads"][0]["position"]
    _tamper(installed, "DELETE FROM audit_event WHERE id >= (SELECT max(id) - 1 FROM audit_event);"
            f"DELETE FROM text_salt WHERE chain = 0 AND position >= {position};"
            f"DELETE FROM chain_link WHERE chain = 0 AND position >= {position};"
            "UPDATE chain_head SET position = coalesce((SELECT max(position) FROM chain_link WHERE chain = 0), 0), "
            "hash = coalesce((SELECT hash FROM chain_link WHERE chain = 0 ORDER BY position DESC LIMIT 1), '');"
            "DELETE FROM chain_head WHERE position = 0;")  # fmt: skip
    assert run_main("verify-audit")[0] == 0, "nothing inside the database tells"
    code, out, _ = run_main("verify-audit", "--json", "--head", str(kept))
    assert code == 1
    assert {item["kind"] for item in json.loads(out)["findings"]} == {"cut"}


def test_an_altered_row_is_named_and_no_head_is_written(installed: Settings, run_main: RunMain, tmp_path: Path) -> None:
    _write(installed)
    _tamper(installed, "UPDATE audit_event SET actor_label = 'Une autre' WHERE action = 'essai.fait'")
    kept = tmp_path / "tetes.json"
    code, out, _ = run_main("verify-audit", "--write-head", str(kept))
    assert code == 1
    assert "audit_event n° " in out
    assert not kept.exists()
    code, out, _ = run_main("doctor")
    assert code == 1
    assert "À REVOIR  chaîne d'audit : 1 anomalie" in out


OTHERS = [
    b"", b"{}", b"[]", b"\xff",
    b'{"format": "transcodeur-audit-heads-1", "heads": []}',
    b'{"format": "transcodeur-audit-heads-1", "heads": [{"chain": "1"}]}',
]  # fmt: skip


@pytest.mark.parametrize("content", OTHERS)
def test_any_other_file_is_refused(installed: Settings, run_main: RunMain, tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "tetes.json"
    kept.write_bytes(content)
    code, out, err = run_main("verify-audit", "--head", str(kept))
    assert (code, out) == (1, "")
    assert "n'est pas un fichier de têtes de chaîne" in err


def test_facts_older_than_the_chain_are_sealed_and_watched(tmp_path: Path, run_main: RunMain) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    settings.data_dir.mkdir(mode=0o700)
    engine = make_engine(settings.resolved_database_url)
    build(engine, "0023")
    migrate(engine)
    with Session(engine) as session:
        verdict = audit(session)
        first = session.exec(select(ChainLink).where(ChainLink.chain == 1, ChainLink.position == 1)).one()
        assert [item.sentence for item in verdict.findings if item.kind not in ("forged_state", "forged_right")] == []
        assert (first.kind, json.loads(first.members)["decision"]) == (LinkKind.SEAL, 1)
        assert verdict.sealed == verdict.facts > 20
    engine.dispose()
    _tamper(settings, "UPDATE decision SET loinc_num = '2823-3' WHERE id = 1")
    code, out, _ = run_main("verify-audit")
    assert code == 1
    assert "decision n° 1 (" in out
    assert "Les faits plus anciens que la chaîne (" in out


def test_the_way_back_and_forth_seals_again(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'base.sqlite3'}")
    build(engine, "0023")
    migrate(engine)
    with engine.connect() as connection, connection.begin():
        command.downgrade(alembic_config(connection), "0023")
    migrate(engine)
    with Session(engine) as session:
        assert [item for item in audit(session).findings if item.kind not in ("forged_state", "forged_right")] == []
    engine.dispose()
