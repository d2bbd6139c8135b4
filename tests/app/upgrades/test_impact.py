"""Before a release comes into service: what it changes in the codes in use, and whether it seems whole."""

import csv
import io
import zipfile
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select
from typer.testing import CliRunner

import app.upgrades.cli
from app.cli import cli
from app.errors import ConflictError, InvalidInputError
from app.models import (
    AuditEvent,
    Catalogue,
    Laboratory,
    LocalTest,
    Membership,
    MemoryEntry,
    ReviewState,
    ReviewTask,
    Role,
)
from app.platform.database import Transactions, reading, transaction
from app.settings import Settings
from app.terminology import schemas
from app.terminology.service import current_release, get_release
from app.upgrades import impact_page, impact_rows
from app.upgrades.impact import by_kind, used_codes
from app.upgrades.impact_rows import MEMBERS_ONLY
from app.upgrades.service import load_release, load_starter, make_current
from tests.app.terminology.fixtures.official import (
    GLUCOSE_MASS,
    GLUCOSE_MOLES,
    SODIUM,
    first_release,
    second_release,
)
from tests.app.upgrades.test_upgrade import catalogue, releases
from tests.conftest import ADMINISTRATOR, TRANSCODER, ClientFor, World

__all__ = ["catalogue", "releases"]

TERMINOLOGIES = "/administration/terminologies"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings) -> CliRunner:
    """The command line on the database of the test."""
    monkeypatch.setattr(app.upgrades.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.upgrades.cli, "open_ready", lambda _settings: engine)
    return CliRunner()


def add_memory(world: World, *codes: str) -> None:
    with transaction(world.engine) as session:
        for number, code in enumerate(codes):
            session.add(MemoryEntry(laboratory_id=world.laboratory_id, signature=f"s{number}", loinc_num=code))


def is_current(engine: Engine, release_id: int) -> bool:
    with reading(engine) as session:
        release = current_release(session)
        return release is not None and release.id == release_id


# ---- what changes --------------------------------------------------------------------------------------------


def test_codes_of_decisions_and_of_the_memory_are_counted_by_the_gravest_change(
    world: World, catalogue: Catalogue, releases: tuple[int, int]
) -> None:
    add_memory(world, GLUCOSE_MASS, GLUCOSE_MASS, GLUCOSE_MOLES)
    with reading(world.engine) as session:
        old, new = (get_release(session, release_id) for release_id in releases)
        used = used_codes(session, old, new)
        counts = {item.kind.value: (item.codes, item.approved, item.decided, item.remembered)
                  for item in by_kind(used)}  # fmt: skip
    assert counts["deprecated"] == (2, 2, 0, 2)
    assert counts["discouraged"][:2] == (1, 1)
    assert counts["axes_changed"][:2] == (1, 1)
    assert counts["name_changed"][:2] == (1, 1)
    glucose = next(item for item in used if item.loinc_num == GLUCOSE_MASS and item.catalogue_id)
    assert glucose.replacements == (GLUCOSE_MOLES, SODIUM)


def test_the_page_lists_sorts_windows_and_exports(
    client_for: ClientFor,
    world: World,
    catalogue: Catalogue,
    releases: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_memory(world, GLUCOSE_MASS)
    monkeypatch.setattr(impact_page, "PAGE_SIZE", 2)
    client = client_for(ADMINISTRATOR)
    address = f"{TERMINOLOGIES}/versions/{releases[1]}"
    first = unescape(client.get(address).text)
    assert "Ce que LOINC 2.81 changera" in first
    assert "1–2</strong> sur 6" in first
    assert "Page suivante" in first
    second = unescape(client.get(f"{address}?page=2").text)
    assert "3–4</strong> sur 6" in second
    # Far beyond the end is the end; what means nothing is left out.
    assert "5–6</strong> sur 6" in unescape(client.get(f"{address}?page=999&nature=rien&tri=rien&ordre=rien").text)
    by_code = client.get(f"{address}?tri=code&ordre=decroissant&format=csv")
    lines = list(csv.reader(io.StringIO(by_code.content.decode("utf-8-sig")), delimiter=";"))
    codes = [line[1] for line in lines[1:]]
    assert len(codes) == 6
    assert codes == sorted(codes, reverse=True)
    only = client.get(f"{address}?nature=deprecated&format=csv").content.decode("utf-8-sig")
    kept = list(csv.reader(io.StringIO(only), delimiter=";"))[1:]
    assert {line[0] for line in kept} == {"Retiré de LOINC"}
    assert len(kept) == 3
    # The texts of a laboratory's rows are for its members.
    assert "Libellé" not in "".join(cell for line in lines[1:] for cell in line)
    assert "Libellé GLY" not in first
    assert {line[-1] for line in lines[1:]} == {MEMBERS_ONLY}
    assert MEMBERS_ONLY in first


def test_the_rows_are_named_to_the_members_of_their_laboratory(
    client_for: ClientFor,
    world: World,
    catalogue: Catalogue,
    releases: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_memory(world, GLUCOSE_MASS)
    with transaction(world.engine) as session:
        user_id = world.user_id(ADMINISTRATOR)
        session.add(Membership(user_id=user_id, laboratory_id=world.laboratory_id, role=Role.READER))
        rows = session.exec(
            select(LocalTest.id, LocalTest.label, ReviewState.loinc_num)
            .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id))
            .where(LocalTest.catalogue_id == catalogue.id)
        ).all()
    client = client_for(ADMINISTRATOR)
    address = f"{TERMINOLOGIES}/versions/{releases[1]}"
    page = unescape(client.get(address).text)
    assert MEMBERS_ONLY not in page
    text = client.get(f"{address}?format=csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    changed = {line["LOINC"] for line in lines}
    for test_id, label, number in rows:
        assert (f"/catalogues/{catalogue.id}/revue/{test_id}" in page) is (number in changed)
        named = [line for line in lines if label in line["Lignes du laboratoire"] and line["LOINC"] == number]
        assert len(named) == (number in changed)
    # The page names the first rows and says how many more there are; the CSV names them all.
    monkeypatch.setattr(impact_page, "SHOWN_ROWS", 0)
    assert "et 1 autre, dans le CSV" in unescape(client.get(address).text)


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999999999999", f"tri={'x' * 99}", "nature=%00"])
def test_odd_addresses_are_no_fault(client_for: ClientFor, releases: tuple[int, int], query: str) -> None:
    answer = client_for(ADMINISTRATOR).get(f"{TERMINOLOGIES}/versions/{releases[1]}?{query}")
    assert answer.status_code < 500


def test_only_administrators_see_it(client_for: ClientFor, releases: tuple[int, int]) -> None:
    assert client_for(TRANSCODER).get(f"{TERMINOLOGIES}/versions/{releases[1]}?format=csv").status_code == 403


def test_the_command_says_what_it_changes_and_where(
    run: CliRunner,
    engine: Engine,
    world: World,
    catalogue: Catalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load_release(engine, first_release().write_zip(tmp_path))
    path = second_release().write_zip(tmp_path)
    with transaction(engine) as session:
        laboratory = session.get_one(Laboratory, world.laboratory_id).name
    loaded = run.invoke(cli, ["load-loinc", str(path)])
    told = [
        "Ce que LOINC 2.81 change aux codes employés ici",
        "Retiré de LOINC\u202f: 2 codes, 2 lignes approuvées",
        f"{laboratory}, «\u202f{catalogue.name}\u202f» (catalogue {catalogue.id})\u202f: 5 décisions à revoir",
    ]
    assert loaded.exit_code == 0, loaded.output
    assert all(sentence in loaded.output for sentence in told), loaded.output
    glucose = f"  {catalogue.name}, {GLUCOSE_MASS} (retiré de LOINC)\u202f: "
    assert glucose in loaded.output
    monkeypatch.setattr(impact_rows, "SHOWN_IN_TERMINAL", 3)
    asked = run.invoke(cli, ["load-loinc", str(path), "--current"])
    assert f"  {catalogue.name}\u202f: et 2 autres lignes" in asked.output
    assert all(sentence in asked.output for sentence in told), asked.output
    assert "Elle est utilisée dès maintenant" in asked.output
    again = run.invoke(cli, ["load-loinc", str(path)])
    assert "change aux codes" not in again.output
    with reading(engine) as session:
        assert len(session.exec(select(ReviewTask)).all()) == 5


# ---- cut tables ----------------------------------------------------------------------------------------------


def cut(path: Path, target: Path, rows: int | None, drops_end: bool = False) -> Path:
    """The release with the first rows of its table only, or without the end of its last line."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "LoincTable/Loinc.csv":
                lines = content.split(b"\r\n")
                content = b"\r\n".join(lines[: None if rows is None else rows + 1]) + (b"\r\n" if rows else b"")
                content = content.rstrip(b"\r\n") if drops_end else content
            elif rows is not None and name != "LoincTable/Loinc.csv":
                # What cites the missing codes would be refused: a cut that nothing else tells.
                content = content.split(b"\r\n")[0] + b"\r\n"
            written.writestr(name, content)
    return target


@pytest.mark.parametrize(("rows", "is_cut"), [(269, True), (270, False), (271, False)])
def test_fewer_terms_than_nine_tenths_of_those_in_service_are_noticed(
    engine: Engine, client_for: ClientFor, tmp_path: Path, rows: int, is_cut: bool
) -> None:
    load_release(engine, first_release().write_zip(tmp_path))
    report = load_release(engine, cut(second_release().write_zip(tmp_path), tmp_path / "Loinc_2.82.zip", rows))
    assert report.term_count == rows
    assert (f"elle compte {rows} termes, la version utilisée 300" in report.sentence()) is is_cut
    assert not report.is_used
    client = client_for(ADMINISTRATOR)
    address = f"{TERMINOLOGIES}/versions/{report.release_id}"
    assert ("paraît coupée" in client.get(address).text) is is_cut
    answer = client.post(f"{address}/utiliser")
    assert answer.status_code == (409 if is_cut else 303)
    assert is_current(engine, report.release_id) is not is_cut
    assert client.post(f"{address}/utiliser", data={"entiere": "oui"}).status_code == 303
    assert is_current(engine, report.release_id)
    if is_cut:
        with reading(engine) as session:
            event = session.exec(select(AuditEvent).where(AuditEvent.action == "terminology.make_current")).one()
        assert "269 termes" in event.details["doubt"]


def test_a_last_line_without_its_end_is_noticed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "FEWEST_TERMS", 300)
    with transaction(engine) as session:
        load_starter(session)
    path = cut(first_release().write_zip(tmp_path), tmp_path / "Loinc_2.83.zip", None, drops_end=True)
    report = load_release(engine, path)
    assert "la dernière ligne de sa table Loinc.csv n'a pas de fin" in report.sentence()
    assert not report.is_used
    with pytest.raises(ConflictError, match="n'a pas de fin"):
        make_current(Transactions(engine), report.release_id)
    make_current(Transactions(engine), report.release_id, may_be_cut=True)
    assert is_current(engine, report.release_id)


def test_the_first_official_release_does_not_replace_the_starter_by_itself_when_it_is_small(
    run: CliRunner, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(engine) as session:
        starter = load_starter(session).id or 0
    loaded = run.invoke(cli, ["load-loinc", str(first_release().write_zip(tmp_path))])
    assert "Elle n'est pas utilisée d'elle-même\u202f: sa table paraît coupée." in loaded.output
    assert is_current(engine, starter)
    monkeypatch.setattr(schemas, "FEWEST_TERMS", 300)
    whole = load_release(engine, second_release().write_zip(tmp_path))
    assert whole.is_used
    assert is_current(engine, whole.release_id)


def test_a_member_of_the_archive_that_is_cut_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = first_release().write_zip(tmp_path)
    content = bytearray(path.read_bytes())
    # A few bytes in the middle of the compressed table.
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("LoincTable/Loinc.csv")
    middle = info.header_offset + 60 + info.compress_size // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="archive zip lisible"):
        load_release(engine, path)
    with reading(engine) as session:
        assert current_release(session) is None

