"""A laboratory that left and came in elsewhere has the same figures, exports and versions, whatever the database."""

from pathlib import Path

from app.settings import Settings
from tests.app.exports.sample import Sample
from tests.app.portability.moving import (
    Place,
    anomalies,
    archived,
    arrived,
    exports,
    figures,
    load_terminology,
    versions,
)


def test_everything_is_the_same_in_an_empty_installation(
    decided: Sample, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    engine, name = decided.world.engine, decided.world.laboratory.name
    load_terminology(engine, elsewhere.engine)
    path = tmp_path / "a.zip"
    archive = archived(engine, decided.world.laboratory_id, path)
    imported = arrived(elsewhere.engine, path)
    assert (imported.rows, imported.awaits) == (archive.rows, ())
    assert figures(elsewhere.engine, name) == figures(engine, name)
    assert versions(elsewhere.engine, name) == versions(engine, name)
    mine, theirs = exports(engine, settings, name), exports(elsewhere.engine, elsewhere.settings, name)
    assert {key for key in mine if mine[key] != theirs[key]} == set()
    assert anomalies(elsewhere.engine) == []
