"""Where a laboratory may come in, what its figures wait for, and what becomes of its people and of its chain."""

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlmodel import col

from app.accounts.passwords import verify_password
from app.accounts.repository import find_user_by_email
from app.accounts.service import get_user
from app.audit.erasing import Unprotected, erase
from app.audit.heads import heads, read_heads, write_heads
from app.audit.verification import verify
from app.errors import ConflictError
from app.main import create_app
from app.models import (
    ChainHead,
    Decision,
    ImportedArchive,
    Laboratory,
    LoincRelease,
    LoincTerm,
    Membership,
    ReleaseStatus,
    Role,
    User,
    metadata,
)
from app.platform.database import reading, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from tests.app.exports.sample import SODIUM, Sample
from tests.app.portability.every_table import fill_every_table
from tests.app.portability.moving import (
    Place,
    anomalies,
    archived,
    arrived,
    exports,
    figures,
    load_terminology,
    name_contents,
    versions,
)
from tests.app.versions.conftest import Approved, Signing
from tests.conftest import TRANSCODER, add_members


def test_the_same_state_gives_the_same_bytes(decided: Sample, tmp_path: Path) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    one = archived(decided.world.engine, decided.world.laboratory_id, first)
    two = archived(decided.world.engine, decided.world.laboratory_id, second)
    assert first.read_bytes() == second.read_bytes()
    assert one == two
    assert anomalies(decided.world.engine) == []


def test_it_comes_in_beside_others_and_leaves_them_as_they_are(
    decided: Sample, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    """The installation has people of the same addresses, a laboratory, and rows of its own."""
    engine = decided.world.engine
    add_members(elsewhere.engine)
    with transaction(elsewhere.engine) as session:
        session.execute(update(Laboratory).values(name=Laboratory.name + " d’ici"))
    local = figures(elsewhere.engine, "Laboratoire du Parc d’ici")
    load_terminology(engine, elsewhere.engine)
    path = tmp_path / "a.zip"
    archived(engine, decided.world.laboratory_id, path)
    imported = arrived(elsewhere.engine, path)
    name = decided.world.laboratory.name
    assert figures(elsewhere.engine, name) == figures(engine, name)
    assert exports(elsewhere.engine, elsewhere.settings, name) == exports(engine, settings, name)
    assert figures(elsewhere.engine, "Laboratoire du Parc d’ici") == local
    assert anomalies(elsewhere.engine) == []
    with reading(elsewhere.engine) as session:
        authors = set(session.scalars(select(col(Decision.author_id))))
        people = session.scalars(select(User).where(col(User.is_foreign))).all()
        locals_ = session.scalars(select(User).where(~col(User.is_foreign))).all()
    assert authors <= {person.id for person in people}
    assert len(people) == imported.people
    assert {person.foreign_email for person in people} & {person.email for person in locals_}
    for person in people:
        assert (person.is_active, person.password_hash, person.is_administrator) == (False, "", False)
        assert person.email.endswith("@autre-installation.invalid")


def test_the_laboratory_that_is_there_is_refused(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    before = _rows(elsewhere)
    with pytest.raises(ConflictError, match="déjà dans cette installation"):
        arrived(elsewhere.engine, path)
    assert _rows(elsewhere) == before


def test_another_of_the_same_name_is_refused_unless_it_is_given_another(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    with transaction(elsewhere.engine) as session:
        session.add(Laboratory(name=decided.world.laboratory.name))
    before = _rows(elsewhere)
    with pytest.raises(ConflictError, match="--nom"):
        arrived(elsewhere.engine, path)
    assert _rows(elsewhere) == before
    assert arrived(elsewhere.engine, path, "Parc, repris").name == "Parc, repris"


def _rows(place: Place) -> dict[str, int]:
    with place.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }  # fmt: skip


def test_no_figure_without_the_release_and_the_same_once_it_is_loaded(
    decided: Sample, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    engine, name = decided.world.engine, decided.world.laboratory.name
    name_contents(engine)
    path = tmp_path / "a.zip"
    archived(engine, decided.world.laboratory_id, path)
    with transaction(elsewhere.engine) as session:
        other = LoincRelease(version="2.75", kind="official", is_current=True, content_hash="7" * 64)
        session.add(other)
        session.flush()
        session.add(LoincTerm(release_id=other.id, loinc_num=SODIUM, component="Sodium"))
    imported = arrived(elsewhere.engine, path)
    assert len(imported.awaits) == 1
    assert "LOINC 2.80" in imported.awaits[0]
    for said in figures(elsewhere.engine, name).values():
        assert isinstance(said, str), said
        assert "LOINC 2.80" in said
    for said in exports(elsewhere.engine, elsewhere.settings, name).values():
        assert isinstance(said, str), said
        assert "LOINC 2.80" in said
    with reading(elsewhere.engine) as session:
        (awaited,) = session.scalars(select(LoincRelease).where(LoincRelease.status == ReleaseStatus.AWAITED)).all()  # type: ignore[arg-type]
    _fill(engine, elsewhere, awaited)
    assert figures(elsewhere.engine, name) == figures(engine, name)
    assert exports(elsewhere.engine, elsewhere.settings, name) == exports(engine, settings, name)
    assert anomalies(elsewhere.engine) == []


def test_no_page_shows_a_figure_against_another_release(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    """Another release is in service here: what was approved there would be counted as absent from it."""
    fill_every_table(decided)
    name_contents(decided.world.engine)
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    with transaction(elsewhere.engine) as session:
        other = LoincRelease(version="2.75", kind="official", is_current=True, content_hash="7" * 64)
        session.add(other)
        session.flush()
        session.add(LoincTerm(release_id=other.id, loinc_num=SODIUM, component="Sodium"))
    imported = arrived(elsewhere.engine, path)
    (catalogue_id, _), laboratory_id = imported.catalogues[0], imported.laboratory_id
    with transaction(elsewhere.engine) as session:
        person = User(email="ici@exemple.fr", display_name="D’ici", password_hash="!", is_administrator=True)
        session.add(person)
        session.flush()
        session.add(Membership(user_id=person.id, laboratory_id=laboratory_id, role=Role.BIOLOGIST))
        token = open_session(session, person, elsewhere.settings)
    base = f"/catalogues/{catalogue_id}"
    shown = {}
    with TestClient(create_app(elsewhere.settings, elsewhere.engine)) as client:
        client.cookies.set(SESSION_COOKIE, token)
        for address in ("/", "/portefeuille", f"/laboratoires/{laboratory_id}", base, f"{base}/revue",
                        f"{base}/repartition", f"{base}/signature", f"{base}/couverture"):  # fmt: skip
            shown[address] = unescape(client.get(address).text)
    rates = {address: re.findall(r"\d+,\d\d\s%", page) for address, page in shown.items()}
    assert {address for address, found in rates.items() if found} == set()
    assert "LOINC 2.80" in shown[base]
    assert "LOINC 2.80" in shown[f"{base}/couverture"]


def _fill(source: object, target: Place, awaited: LoincRelease) -> None:
    """What a load of the awaited release does: its very line is filled, and put in service."""
    table = metadata.tables["loinc_term"]
    loaded_at = _loaded_at(source)
    with source.connect() as there:  # type: ignore[attr-defined]
        rows = there.execute(select(table)).mappings().all()
    with transaction(target.engine) as session:
        for row in rows:
            values = {name: value for name, value in row.items() if name != "id"} | {"release_id": awaited.id}
            session.execute(table.insert().values(values))
        session.execute(update(LoincRelease).values(is_current=False))
        session.execute(
            update(LoincRelease).where(col(LoincRelease.id) == awaited.id).values(
                status=ReleaseStatus.READY, is_current=True, loaded_at=loaded_at
            )
        )  # fmt: skip


def _loaded_at(source: object) -> object:
    with source.connect() as there:  # type: ignore[attr-defined]
        return there.execute(select(col(LoincRelease.loaded_at))).scalar_one()


def test_a_version_that_was_signed_still_holds(
    signing: Signing, approved: Approved, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    approved(signing.desk.sodium)
    signing.sign()
    engine, world = signing.desk.engine, signing.desk.world
    # Numbers of there that are not those of here.
    with transaction(elsewhere.engine) as session:
        session.add(Laboratory(name="Un autre"))
    load_terminology(engine, elsewhere.engine)
    path = tmp_path / "a.zip"
    archived(engine, world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    (state,) = versions(elsewhere.engine, world.laboratory.name).values()
    assert (state[0], state[1]) == (1, True)
    assert versions(elsewhere.engine, world.laboratory.name) == versions(engine, world.laboratory.name)
    assert anomalies(elsewhere.engine) == []


def test_a_laboratory_that_moved_twice_has_both_chains(
    decided: Sample, settings: Settings, elsewhere: Place, tmp_path: Path
) -> None:
    """Away, something is decided there, and back into the first installation after it was closed here."""
    engine = decided.world.engine
    load_terminology(engine, elsewhere.engine)
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(engine, decided.world.laboratory_id, first)
    imported = arrived(elsewhere.engine, first)
    with transaction(engine) as session:
        session.execute(
            update(Laboratory).where(col(Laboratory.id) == decided.world.laboratory_id).values(name="Ancien")
        )
    made = archived(elsewhere.engine, imported.laboratory_id, second)
    assert made.rows > 0
    with pytest.raises(ConflictError, match="Ancien"):
        arrived(engine, second)


def test_the_laboratories_of_here_are_not_lent_its_codes_until_somebody_here_says_so(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with transaction(decided.world.engine) as session:
        session.execute(update(Laboratory).values(allows_reuse=True))
    archived(decided.world.engine, decided.world.laboratory_id, path)
    number = arrived(elsewhere.engine, path).laboratory_id
    with reading(elsewhere.engine) as session:
        assert session.get_one(Laboratory, number).allows_reuse is False


def test_the_chain_it_came_with_is_verified(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    made = archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    with reading(elsewhere.engine) as session:
        archive = session.scalars(select(ImportedArchive)).one()
        head = session.get_one(ChainHead, -(archive.id or 0))
        assert (head.position, head.hash) == (made.head_position, made.head_hash)
        kept = read_heads(write_heads(heads(session), made.stated_at), "tetes.json")
        assert -(archive.id or 0) in {item.chain for item in kept}
        assert verify(session, kept).findings == []
    assert anomalies(elsewhere.engine) == []


def test_nobody_signs_in_as_one_who_came(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    with reading(elsewhere.engine) as session:
        assert find_user_by_email(session, TRANSCODER) is None
        for person in session.scalars(select(User)).all():
            assert not verify_password("", person.password_hash or None)
            with pytest.raises(ConflictError, match="autre installation"):
                get_user(session, person.id or 0)


def test_a_text_that_is_erased_here_is_erased_of_the_chain_that_it_came_with(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    with transaction(elsewhere.engine) as session:
        fact = session.scalars(select(Decision).where(col(Decision.comment) == "deux unités ?")).one()
        erase(session, "decision", fact.id or 0, "comment", reason="essai", actor=None)
        fact_id = fact.id
    # Whether the row has a comment is derived again by the command that erases.
    assert [said for said in anomalies(elsewhere.engine) if f"decision n° {fact_id} " in said] == []


@pytest.mark.parametrize("column", ["loinc_num", "comment", "author_id"])
def test_a_fact_that_is_changed_after_it_came_is_told_by_both_chains(
    decided: Sample, elsewhere: Place, tmp_path: Path, column: str
) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    with transaction(elsewhere.engine) as session:
        fact = session.scalars(select(Decision).where(col(Decision.comment) == "deux unités ?")).one()
        other = session.scalars(select(col(User.id)).where(col(User.id) != fact.author_id)).first()
        value = {"loinc_num": "2823-3", "comment": "autre", "author_id": other}[column]
        with Unprotected(session.connection(), "decision"):
            session.execute(update(Decision).where(col(Decision.id) == fact.id).values({column: value}))
    said = [item for item in anomalies(elsewhere.engine) if item.startswith(f"decision n° {fact.id} ")]
    assert len(said) == 2
    assert any("autre installation" in item for item in said)
