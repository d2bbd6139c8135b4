"""The dashboard and the laboratory page: what each person sees, and nothing more."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from app.home.catalogue_lines import catalogue_lines
from app.models import (
    Job,
    JobStatus,
    Level,
    LocalTest,
    LoincRelease,
    ProposalRun,
    ReviewState,
    Role,
    RunStatus,
    Status,
)
from app.platform.database import reading, transaction
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World


def fill(
    world: World, statuses: dict[Status, int], level: Level = Level.ANALYSIS, name: str = "Général"
) -> int:
    """A catalogue whose tests have these statuses; those to do have no state at all."""
    catalogue = world.add_catalogue(name)
    assert catalogue.id is not None
    with transaction(world.engine) as session:
        for status, count in statuses.items():
            for number in range(count):
                test = LocalTest(
                    catalogue_id=catalogue.id, level=level, code=f"{status}{number}", label=f"Test {number}"
                )
                session.add(test)
                session.flush()
                assert test.id is not None
                if status is not Status.TODO:
                    session.add(ReviewState(local_test_id=test.id, status=status))
    return catalogue.id


def add_run(session: Session, catalogue_id: int) -> None:
    """Proposals that are shown."""
    release = LoincRelease(version="2.80", kind="starter", is_current=True)
    session.add(release)
    session.flush()
    run = ProposalRun(
        catalogue_id=catalogue_id, release_id=release.id or 0, engine_version="essai",
        status=RunStatus.DONE, is_current=True,
    )  # fmt: skip
    session.add(run)


def test_progress_counts_each_status_once(world: World, engine: Engine) -> None:
    counts = {Status.TODO: 3, Status.DOUBT: 1, Status.DECIDED: 4, Status.APPROVED: 2, Status.SENT_BACK: 1}
    fill(world, counts)
    with reading(engine) as session:
        lines = catalogue_lines(session, {world.laboratory_id: Role.READER}, world.user_id(READER))
    (line,) = lines[world.laboratory_id]
    assert (line.analyses.todo, line.analyses.decided, line.analyses.approved) == (3, 4, 2)
    assert (line.analyses.total, line.exams.total) == (11, 0)
    assert [round(part.width) for part in line.analyses.meter.parts] == [18, 36, 18]
    assert line.analyses.meter.label.endswith("sur 11")


def test_the_dashboard_shows_only_the_persons_laboratories(client_for: ClientFor, world: World) -> None:
    fill(world, {Status.TODO: 2, Status.APPROVED: 1}, name="Catalogue du Parc")
    inside = client_for(TRANSCODER).get("/").text
    assert "Catalogue du Parc" in inside
    assert "Laboratoire de la Gare" not in inside
    outside = client_for(OUTSIDER).get("/").text
    assert "Laboratoire de la Gare" in outside
    assert "Parc" not in outside


def test_the_meter_of_the_dashboard_is_svg_with_a_text(client_for: ClientFor, world: World) -> None:
    fill(world, {Status.TODO: 1, Status.APPROVED: 1})
    page = client_for(READER).get("/").text
    assert 'class="part-ok" x="0.0" y="0" width="50.0"' in page
    assert 'aria-label="1 approuvées, 0 décidées à approuver, 0 en doute ou renvoyées, sur 2"' in page


def test_a_person_without_laboratory_is_told_what_to_do(client_for: ClientFor) -> None:
    page = client_for(ADMINISTRATOR).get("/").text
    assert "Aucun laboratoire ne vous est ouvert" in page
    assert "/administration/laboratoires" in page


@pytest.mark.parametrize(("email", "may"), [(TRANSCODER, True), (BIOLOGIST, True), (READER, False)])
def test_only_those_who_may_import_see_the_button(
    client_for: ClientFor, world: World, email: str, may: bool
) -> None:
    client = client_for(email)
    for page in ("/", f"/laboratoires/{world.laboratory_id}"):
        assert (f"/laboratoires/{world.laboratory_id}/importer" in client.get(page).text) is may


def test_a_laboratory_page_shows_catalogues_members_and_jobs(client_for: ClientFor, world: World) -> None:
    catalogue_id = fill(world, {Status.TODO: 1})
    with transaction(world.engine) as session:
        session.add(Job(kind="proposals", laboratory_id=world.laboratory_id, status=JobStatus.FAILED))
    page = client_for(READER).get(f"/laboratoires/{world.laboratory_id}").text
    for expected in (
        f"/catalogues/{catalogue_id}",
        "Béatrice Biologiste",
        "750000001",
        "SGL de test",
        "Échec",
    ):
        assert expected in page
    assert "Oscar" not in page


@pytest.mark.parametrize("email", [OUTSIDER, ADMINISTRATOR])
def test_a_laboratory_does_not_exist_for_those_without_role(
    client_for: ClientFor, world: World, email: str
) -> None:
    world.add_catalogue()
    client = client_for(email)
    absent = client.get("/laboratoires/999")
    closed = client.get(f"/laboratoires/{world.laboratory_id}")
    assert (closed.status_code, closed.text) == (404, absent.text)


def test_each_role_is_told_its_next_step(client_for: ClientFor, world: World) -> None:
    counts = {Status.TODO: 3, Status.DOUBT: 1, Status.DECIDED: 4, Status.APPROVED: 2}
    number = fill(world, counts)
    with transaction(world.engine) as session:
        add_run(session, number)
    assert "3 lignes restent à décider." in client_for(TRANSCODER).get("/").text
    page = client_for(BIOLOGIST).get(f"/catalogues/{number}").text
    assert "4 décisions attendent votre approbation." in page
    assert f'href="/catalogues/{number}/approbation/lecture">Approuver</a>' in page
    assert "2 lignes sont approuvées ; 8 ne le sont pas encore." in client_for(READER).get("/").text


def test_what_was_sent_back_to_her_comes_first(client_for: ClientFor, world: World) -> None:
    number = fill(world, {Status.TODO: 3})
    other = world.user_id(BIOLOGIST)
    mine = world.user_id(TRANSCODER)
    with transaction(world.engine) as session:
        add_run(session, number)
        for place, author in enumerate((mine, mine, other)):
            test = LocalTest(catalogue_id=number, level=Level.ANALYSIS, code=f"R{place}", label=f"Renvoi {place}")
            session.add(test)
            session.flush()
            session.add(ReviewState(local_test_id=test.id or 0, status=Status.SENT_BACK, decided_by_id=author))
    page = client_for(TRANSCODER).get(f"/catalogues/{number}").text
    assert "2 de vos décisions vous sont renvoyées" in page
    link = f"/catalogues/{number}/revue?etat=renvoyee&amp;auteur={mine}"
    assert link in page
    queue = client_for(TRANSCODER).get(link.replace("&amp;", "&")).text
    assert [name in queue for name in ("Renvoi 0", "Renvoi 1", "Renvoi 2")] == [True, True, False]
