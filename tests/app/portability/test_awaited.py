"""A release that a laboratory awaits: loading its very contents fills the line that its facts lead to."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from app.coverage.days import follow
from app.errors import InvalidInputError
from app.models import (
    Catalogue,
    CoverageDay,
    Decision,
    Laboratory,
    LoincRelease,
    LoincTerm,
    ReleaseStatus,
    utc_now,
)
from app.platform.database import reading, transaction
from app.platform.progress import untold
from app.terminology.carried import missing
from app.terminology.loading import load_release, remove_unfinished
from app.terminology.starter import load_starter, starter_hash
from loinc_data.release import content_hash
from loinc_data.tables import STARTER_VERSION
from tests.app.exports.sample import Sample
from tests.app.portability.moving import Place, anomalies, archived, arrived
from tests.app.terminology.test_loading import first_release


def _moved(sample: Sample, release: Path, elsewhere: Place, tmp_path: Path) -> int:
    """The laboratory elsewhere, its decisions being of this release; the number of the awaited line there."""
    digest = content_hash(release)
    with transaction(sample.world.engine) as session:
        session.execute(update(LoincRelease).values(content_hash=digest))
    path = tmp_path / "a.zip"
    archived(sample.world.engine, sample.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    with reading(elsewhere.engine) as session:
        (release_id,) = set(session.scalars(select(col(Decision.release_id))))
    return int(release_id or 0)


def _status(place: Place, release_id: int) -> tuple[str, int]:
    with reading(place.engine) as session:
        asked = select(func.count()).select_from(LoincTerm).where(col(LoincTerm.release_id) == release_id)
        terms = session.scalar(asked)
        return session.get_one(LoincRelease, release_id).status, terms or 0


def test_its_load_fills_the_line_and_the_figures_are_given(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    release = first_release().write_zip(tmp_path)
    release_id = _moved(decided, release, elsewhere, tmp_path)
    assert _status(elsewhere, release_id) == (ReleaseStatus.AWAITED, 0)
    # What unfinished loads left is removed at each start: nothing is left here.
    assert remove_unfinished(elsewhere.engine) == 0
    report = load_release(elsewhere.engine, release, untold)
    assert report.release_id == release_id
    assert _status(elsewhere, release_id)[0] == ReleaseStatus.READY
    with reading(elsewhere.engine) as session:
        (laboratory,) = session.scalars(select(Laboratory)).all()
        assert missing(session, laboratory.awaits) == []
    assert anomalies(elsewhere.engine) == []


def test_the_starter_terminology_fills_the_line_when_the_server_starts(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    """A laboratory that comes into an installation which never served: its decisions lead to the terms all the same."""
    with transaction(decided.world.engine) as session:
        starter = {"kind": "starter", "version": STARTER_VERSION, "content_hash": starter_hash()}
        session.execute(update(LoincRelease).values(**starter))
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    (awaits,) = arrived(elsewhere.engine, path).awaits
    assert "le démarrage du serveur la charge" in awaits
    with transaction(elsewhere.engine) as session:
        loaded = load_starter(session, lambda *_said: None).id
    with reading(elsewhere.engine) as session:
        assert set(session.scalars(select(col(Decision.release_id)))) == {loaded}
        assert len(session.scalars(select(LoincRelease)).all()) == 1
    assert _status(elsewhere, loaded or 0)[0] == ReleaseStatus.READY
    assert anomalies(elsewhere.engine) == []


def test_a_load_that_fails_leaves_it_awaited(
    decided: Sample, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = first_release().write_zip(tmp_path)
    release_id = _moved(decided, release, elsewhere, tmp_path)

    def fail(*_given: object) -> None:
        raise InvalidInputError("panne")

    monkeypatch.setattr("app.terminology.loading.publish", fail)
    with pytest.raises(InvalidInputError, match="panne"):
        load_release(elsewhere.engine, release, untold)
    assert _status(elsewhere, release_id) == (ReleaseStatus.AWAITED, 0)


def test_its_curve_waits_and_not_that_of_the_others(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    """Its past days are of a release that is not loaded; a catalogue of here that comes after it has its curve."""
    release = first_release().write_zip(tmp_path)
    day = utc_now() - timedelta(days=40)
    with transaction(decided.world.engine) as session:
        session.execute(update(Catalogue).values(created_at=day))
        session.execute(update(LoincRelease).values(loaded_at=day))
    _moved(decided, release, elsewhere, tmp_path)
    with transaction(elsewhere.engine) as session:
        here = Laboratory(name="D’ici")
        session.add(here)
        session.flush()
        own = Catalogue(laboratory_id=here.id or 0, name="D’ici", created_at=utc_now() - timedelta(days=3))
        session.add(own)
        session.flush()
        own_id = own.id
    assert follow(elsewhere.engine)
    while follow(elsewhere.engine):
        pass
    with reading(elsewhere.engine) as session:
        assert set(session.scalars(select(col(CoverageDay.catalogue_id)))) == {own_id}
