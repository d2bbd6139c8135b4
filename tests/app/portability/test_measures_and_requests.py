"""What emitted reports were measured to carry, and the requests of codes, leave and come in with their laboratory."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from app.effective import service
from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.models import CodeRequestStep, EffectiveWithdrawal, Level, WaitingCodeRule, metadata
from app.platform.database import reading, transaction
from tests.app.effective.hand_made import counts_of_results, seen
from tests.app.exports.sample import SODIUM, Sample
from tests.app.portability.moving import Place, anomalies, archived, arrived, load_terminology
from tests.conftest import TRANSCODER

TABLES = (
    "effective_run", "effective_count", "effective_cluster", "effective_withdrawal", "code_request_step",
    "waiting_code_rule",
)  # fmt: skip


def rows_of(engine: Engine, table: str) -> list[dict[str, Any]]:
    """The rows of a table, without the numbers that an installation gives."""
    model = metadata.tables[table]
    with engine.connect() as connection:
        found = connection.execute(select(model).order_by(model.c.id)).mappings().all()
    return [{name: value for name, value in row.items() if name != "id" and not name.endswith("_id")} for row in found]


def add_measures_and_requests(decided: Sample) -> None:
    world = decided.world
    person = world.users[TRANSCODER]
    with reading(world.engine) as session:
        against = against_now(session, world.laboratory, decided.catalogue)
        counts = counts_of_results([[seen("NA", SODIUM, unit="mmol/L"), seen("XYZ")], [seen("XYZ")], []])
        figures = figures_of(counts, against, code_facts(session, against.release_id, seen_codes(counts)), 1)
    with transaction(world.engine) as session:
        measured = Measured(against, figures, counts.damaged, counts.clusters)
        run = service.keep(session, measured, person, service.read_period("2026-01-01", "2026-03-31"))
        session.flush()
        assert run.id is not None
        place = {"laboratory_id": world.laboratory_id, "catalogue_id": decided.catalogue_id}
        author = {"author_id": world.user_id(TRANSCODER)}
        session.add(EffectiveWithdrawal(run_id=run.id, reason="fichiers incomplets", **place, **author))
        row = decided.ids[(Level.ANALYSIS, "RARE")][0]
        session.add(
            CodeRequestStep(
                local_test_id=row, action="send", status="sent", recipient="LOINC", reference="R-1",
                author_role="transcoder", **place, **author,
            )
        )  # fmt: skip
        session.add(
            WaitingCodeRule(laboratory_id=world.laboratory_id, system="1.2.3", codes=[["A1", "attente"]], **author)
        )


def test_they_come_in_as_they_were_and_the_chain_holds(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    engine = decided.world.engine
    add_measures_and_requests(decided)
    load_terminology(engine, elsewhere.engine)
    path = tmp_path / "a.zip"
    archived(engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    for table in TABLES:
        assert rows_of(elsewhere.engine, table) == rows_of(engine, table) != [], table
    assert anomalies(elsewhere.engine) == []
    runs, counts = (metadata.tables[name] for name in ("effective_run", "effective_count"))
    with elsewhere.engine.connect() as connection:
        assert set(connection.scalars(select(counts.c.run_id))) == set(connection.scalars(select(runs.c.id)))
