"""A row in every table that is carried: each moves, moves again, is verified, and its pages open."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.models import Laboratory, Membership, Role, User
from app.platform.database import make_engine, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.portability.carried import CARRIED, file_of
from app.portability.reading import ArchiveRefusedError
from tests.app.exports.sample import Sample
from tests.app.portability.every_table import NOT_FILLED, empty_tables, erase_every_text, fill_every_table
from tests.app.portability.moving import Place, anomalies, archived, arrived, load_terminology
from tests.app.portability.test_hostile import opened, with_json, zipped

MOST_PAGES = 150


def test_a_row_of_every_table_moves_twice_and_is_verified(
    decided: Sample, elsewhere: Place, tmp_path: Path, empty_database: Path
) -> None:
    engine = decided.world.engine
    fill_every_table(decided)
    with engine.connect() as connection:
        assert empty_tables(connection) == NOT_FILLED
    third = tmp_path / "troisieme.sqlite3"
    shutil.copyfile(empty_database, third)
    last = make_engine(f"sqlite:///{third}")
    load_terminology(engine, elsewhere.engine)
    load_terminology(elsewhere.engine, last, above=90)
    with transaction(last) as session:
        session.add(Laboratory(name="Un autre, sous le premier numéro"))
    paths = [tmp_path / f"{number}.zip" for number in range(3)]
    archived(engine, decided.world.laboratory_id, paths[0])
    away = arrived(elsewhere.engine, paths[0])
    assert anomalies(elsewhere.engine) == []
    archived(elsewhere.engine, away.laboratory_id, paths[1])
    further = arrived(last, paths[1])
    assert anomalies(last) == []
    archived(last, further.laboratory_id, paths[2])
    contents = [opened(path) for path in paths]
    for name in {*CARRIED} - NOT_FILLED - {"audit_event"}:
        counts = {content[file_of(name)].count(b"\n") for content in contents}
        assert len(counts) == 1, name
    last.dispose()


def test_what_was_erased_moves_as_it_is(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    """A signed chapter, a label of a code: nothing is left of them, and the laboratory leaves all the same."""
    fill_every_table(decided)
    assert {("sign_off", "chapters"), ("waiting_code_rule", "codes"), ("audit_event", "details")} <= erase_every_text(
        decided
    )
    path, second = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    number = arrived(elsewhere.engine, path).laboratory_id
    assert anomalies(elsewhere.engine) == []
    assert archived(elsewhere.engine, number, second).rows > 0


@pytest.mark.only("sqlite", "nothing reaches the database")
def test_a_text_that_nobody_erased_is_not_left_out(decided: Sample, tmp_path: Path) -> None:
    fill_every_table(decided)
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    with_json(file_of("sign_off"), 1, "chapters", [""])(contents)
    zipped(contents, forged)
    with pytest.raises(ArchiveRefusedError, match=r"sign_off\.jsonl, ligne 1 : le texte \(chapters\)"):
        arrived(decided.world.engine, forged)


@pytest.mark.only("sqlite", "what a page makes of a row is the same")
@pytest.mark.parametrize("is_erased", [False, True], ids=["as it was", "erased"])
def test_every_page_opens_on_what_came(
    decided: Sample, elsewhere: Place, tmp_path: Path, is_erased: bool
) -> None:
    fill_every_table(decided)
    if is_erased:
        erase_every_text(decided)
    load_terminology(decided.world.engine, elsewhere.engine)
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    imported = arrived(elsewhere.engine, path)
    laboratory_id, ((catalogue_id, _),) = imported.laboratory_id, imported.catalogues
    with transaction(elsewhere.engine) as session:
        person = User(email="ici@exemple.fr", display_name="D’ici", password_hash="!")
        session.add(person)
        session.flush()
        session.add(Membership(user_id=person.id, laboratory_id=laboratory_id, role=Role.BIOLOGIST))
        token = open_session(session, person, elsewhere.settings)
    client = TestClient(create_app(elsewhere.settings, elsewhere.engine), follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, token)
    begin = [f"/laboratoires/{laboratory_id}", "/", f"/catalogues/{catalogue_id}/mises-a-jour"]
    opened_pages = _follow_links(client, begin)
    client.close()
    for part in ("revue/", "signature/", "effectif/", "lots/", "anterieur", "mises-a-jour", "exports", "demandes-de"):
        assert any(part in address for address in opened_pages), part


def _follow_links(client: TestClient, found: list[str]) -> set[str]:
    """Open pages from link to link, one of each form of address at most; none fails."""
    known: set[str] = set()
    done: set[str] = set()
    while found and len(done) < MOST_PAGES:
        address = found.pop(0)
        form = re.sub(r"[0-9a-f-]{36}|\d+", "N", address.partition("?")[0])
        if form in known:
            continue
        known.add(form)
        answer = client.get(address)
        assert answer.status_code < 500, address
        done.add(address)
        if "text/html" in answer.headers.get("content-type", ""):
            links = map(unescape, re.findall(r'href="(/[^"#]*)', answer.text))
            found += [link for link in links if not link.startswith(("/static", "/deconnexion"))]
    return done
