"""Every page, by everybody who may see it, under axe-core and on a narrow screen.

The list of pages comes from the routes: a page that nobody here can open fails the test, as does a route whose
parameters this file does not fill.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page

from app.accounts import links
from app.effective import service as effective_service
from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.main import ROUTERS
from app.models import Action, Catalogue, Job, LocalTest, LoincRelease
from app.platform.database import reading, transaction
from app.settings import PROJECT_ROOT
from tests.app.batches.test_batches import add_rows as add_batch_rows
from tests.app.batches.test_batches import post_batch
from tests.app.catalogues.conftest import Importer, importer, loinc_2, loinc_3
from tests.app.catalogues.test_routes import asked_proposals, send
from tests.app.consistency.conftest import add_rows
from tests.app.double_reading.conftest import Readings, other_code, readings
from tests.app.earlier.test_file_readings import HEADINGS, sheets
from tests.app.effective.hand_made import counts_of_results, seen
from tests.app.reimport.test_difference_pages import compared, digest_of
from tests.app.review.conftest import Desk, desk
from tests.app.versions.conftest import Signing
from tests.browser.conftest import PageFor
from tests.conftest import ADMINISTRATOR, BIOLOGIST, NAMES, READER, TRANSCODER, ClientFor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what a page looks like does not depend on the database"),
]
__all__ = ["add_rows", "asked_proposals", "desk", "importer", "readings"]

AXE = PROJECT_ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AT_A_WIDTH = ["scrollable-region-focusable", "target-size"]
"""The rules whose answer may change with the width."""
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}
PEOPLE = (TRANSCODER, BIOLOGIST, READER, ADMINISTRATOR)

NOT_PAGES = {
    "/administration",
    "/administration/laboratoires/{laboratory_id}/depart/archive",
    "/catalogues/{catalogue_id}/couverture/rapport.json",
    "/catalogues/{catalogue_id}/couverture/{kind}.csv",
    "/catalogues/{catalogue_id}/exports/rapport.csv",
    "/catalogues/{catalogue_id}/fichiers-prepares/{file_id}",
    "/catalogues/{catalogue_id}/fichiers/{file_id}",
    "/compte/second-facteur/application.svg",
    "/connexion/fournisseur",
    "/connexion/fournisseur/confirmer",
    "/connexion/fournisseur/quitter",
    "/connexion/fournisseur/retour",
    "/connexion/second-facteur",
    "/healthz",
    "/laboratoires/{laboratory_id}/importer/{draft_id}/cellules",
    "/laboratoires/{laboratory_id}/importer/{draft_id}/doublons",
    "/metrics",
    "/readyz",
    "/travaux/{job_id}/etat",
    "/travaux/{job_id}/flux",
}
"""What answers a file, a stream or a machine, or leads to another page; so does all of `/fhir/`."""

_OWN = re.compile("|".join(map(re.escape, (*NAMES.values(), *NAMES))))
_RUN = """async only => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"], preload: false});
  return found.violations.filter(rule => ['serious', 'critical'].includes(rule.impact)).flatMap(rule => rule.nodes.map(
    node => `${rule.id} (${rule.impact}) ${node.target.join(' ')}: ${node.html.slice(0, 200)}`));
}"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""What a page does when its width changes, it does with the next frame."""
_UNFOLD = "document.querySelectorAll('details').forEach(item => { item.open = true; })"
_TOO_WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const held = item => item && item !== document.body &&
    (getComputedStyle(item).overflowX !== 'visible' || held(item.parentElement));
  const wide = [...document.querySelectorAll('body *')]
    .filter(item => item.getBoundingClientRect().right > innerWidth + 0.5 && !held(item.parentElement));
  return [document.body, ...wide].map(item => `scrolls sideways at ${innerWidth} px, ` +
    `${document.documentElement.scrollWidth} wide: ${item.outerHTML.slice(0, 120)}`);
}"""


def page_routes() -> list[str]:
    """The path of every route that answers a page, as the routes write it."""
    paths = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith("/fhir/")
    }
    assert paths > NOT_PAGES, "a route that is no more"
    return sorted(paths - NOT_PAGES)


@dataclass
class Visits:
    """The address, or addresses, of every page of an installation at work."""

    values: dict[str, object]
    particular: dict[str, list[str]]

    def of(self, path: str) -> list[str]:
        return self.particular.get(path) or [re.sub(r"\{(\w+)[^}]*\}", lambda found: str(self.values[found[1]]), path)]


@pytest.fixture
def visits(
    desk: Desk,
    readings: Readings,
    client_for: ClientFor,
    importer: Importer,
    add_rows: Callable[..., dict[str, int]],
    asked_proposals: list[int],
) -> Visits:
    """The desk with something to see on each page: nothing that a table would show is left empty where it is short."""
    client = client_for(TRANSCODER)
    laboratory = f"/laboratoires/{desk.world.laboratory_id}"
    add_batch_rows(desk, 4, contradicted=(2,))
    batch = post_batch(client, desk)
    add_rows(
        {
            "one": (LocalTest(code="X", label="SODIUM", annual_volume=10), "2951-2"),
            "two": (LocalTest(code="Y", label="CHLORE", annual_volume=90), "2951-2"),
        }
    )
    readings.decide_and_ask(desk.glucose, loinc_num="14749-6")
    readings.decide_and_ask(desk.sodium)
    readings.read(desk.sodium, other_code(comment="tube de sang total"))
    again = importer(loinc_2(), loinc_3()).catalogue_id
    changed = compared(client, again)
    client.post(changed, data={"digest": digest_of(client.get(changed).text)})
    draft = send(client, ("catalogue.csv", b"code;libelle\nNA;Sodium\nNA;Sodium bis\n")).headers["location"]
    book = sheets(Ancien=(HEADINGS, ("NA", "Sodium", "2947-0")), Nouveau=(HEADINGS, ("NA", "Sodium", "2951-2")))
    earlier = client.post(f"{desk.base}/anterieur", files=[("fichiers", ("liste.xlsx", book))])
    memory = sheets(A=(HEADINGS, ("NA", "Sodium", "2951-2")))
    sent = client.post(f"{laboratory}/memoire", files=[("fichiers", ("ancien.xlsx", memory))])
    assert sent.status_code in (200, 303), sent.text
    with transaction(desk.engine) as session:
        job = Job(kind="proposals", laboratory_id=desk.world.laboratory_id, catalogue_id=desk.catalogue_id)
        newer = LoincRelease(version="2.81", kind="official", term_count=0)
        session.add_all([job, newer])
        _, secret = links.invite(
            session, email="nouvelle@exemple.fr", display_name="Nina Nouvelle", is_administrator=False, hours=72,
            actor=desk.world.users[ADMINISTRATOR],
        )  # fmt: skip
    desk.decide(desk.comment_row, Action.OUT_OF_SCOPE)
    approver = client_for(BIOLOGIST)
    chosen = {"choix": f"{desk.comment_row}:{desk.version(desk.comment_row)}", "confirme": "oui"}
    approvals = approver.post(f"{desk.base}/approbation", data=chosen).headers["location"]
    signed = Signing(desk, client_for).sign()
    desk.decide(desk.strip, Action.NO_LOINC, reason="Aucun code LOINC ne correspond")
    with reading(desk.engine) as session:
        catalogue = session.get_one(Catalogue, desk.catalogue_id)
        against = against_now(session, desk.world.laboratory, catalogue)
        counts = counts_of_results([[seen("NA", "2951-2", unit="mmol/L"), seen("XYZ")], [seen("XYZ")]])
        figures = figures_of(counts, against, code_facts(session, against.release_id, seen_codes(counts)), 1)
    with transaction(desk.engine) as session:
        measured = Measured(against, figures, counts.damaged, counts.clusters)
        period = effective_service.read_period("", "")
        run = effective_service.keep(session, measured, desk.world.users[TRANSCODER], period)
    values: dict[str, object] = {
        "laboratory_id": desk.world.laboratory_id,
        "catalogue_id": desk.catalogue_id,
        "local_test_id": desk.sodium,
        "user_id": desk.world.user_id(READER),
        "job_id": job.id,
        "release_id": newer.id,
        "loinc_num": "2951-2",
        "public_id": batch.rpartition("/")[2],
        "secret": secret,
    }
    case = f"{desk.base}/revue/{desk.sodium}"
    return Visits(
        values,
        {
            "/catalogues/{catalogue_id}/anterieur/lecture/{draft_id}": [earlier.headers["location"]],
            "/catalogues/{catalogue_id}/approbation/lecture": [f"{desk.base}/approbation/lecture?chapitre=Biochimie"],
            "/catalogues/{catalogue_id}/approbation/lot": [
                f"{desk.base}/approbation/lot?perimetre=chapitre&chapitre=Biochimie"
            ],
            "/catalogues/{catalogue_id}/approbation/lots/{public_id}": [approvals],
            "/catalogues/{catalogue_id}/changements": [f"/catalogues/{again}/changements"],
            "/catalogues/{catalogue_id}/coherence/avertissement": [
                _first_link(client, f"{desk.base}/coherence", "avertissement?")
            ],
            "/catalogues/{catalogue_id}/double-lecture/{local_test_id}": [f"{readings.base}/{desk.glucose}"],
            "/catalogues/{catalogue_id}/demandes-de-code/{local_test_id}": [
                f"{desk.base}/demandes-de-code/{desk.strip}"
            ],
            "/catalogues/{catalogue_id}/effectif/{public_id}": [f"{desk.base}/effectif/{run.public_id}"],
            "/catalogues/{catalogue_id}/signature/{public_id}": [f"{desk.base}/signature/{signed.public_id}"],
            "/catalogues/{catalogue_id}/revue/{local_test_id}": [case, f"{desk.base}/revue/{desk.unproposed}"],
            "/catalogues/{catalogue_id}/revue/{local_test_id}/recherche": [f"{case}?recherche=glucose"],
            "/laboratoires/{laboratory_id}/importer/{draft_id}": [draft],
            "/laboratoires/{laboratory_id}/importer/{draft_id}/differences": [compared(client, again)],
            "/terminologie": ["/terminologie?q=sodium"],
            "/laboratoires/{laboratory_id}": [laboratory],
        },
    )


def _first_link(client: TestClient, address: str, part: str) -> str:
    page = client.get(address).text
    return next(link.split('"')[0] for link in page.split('href="') if part in link).replace("&amp;", "&")


def seen_by(client: TestClient, visits: Visits) -> dict[str, tuple[str, str]]:
    """Address → path and HTML without its signed-in name and its tokens, for the pages that this person may open."""
    found = {}
    for path in page_routes():
        for address in visits.of(path):
            answer = client.get(address)
            assert answer.status_code in (200, 303, 403, 404), (address, answer.status_code)
            if answer.status_code == 200:
                assert answer.headers["content-type"].startswith("text/html"), address
                assert "<html" in answer.text, address
                found[address] = path, _OWN.sub("", answer.text)
    return found


def faults_of(page: Page) -> list[str]:
    """What axe holds against the page, everything unfolded, and against what it becomes when it is narrow."""
    page.evaluate(_UNFOLD)
    told: list[str] = page.evaluate(_RUN, {"type": "tag", "values": TAGS})
    page.set_viewport_size(NARROW)
    page.evaluate(_TWO_FRAMES)
    told += page.evaluate(_RUN, {"type": "rule", "values": AT_A_WIDTH})
    told += page.evaluate(_TOO_WIDE)
    page.set_viewport_size(WIDE)
    return [f"{page.url}: {fault}" for fault in told]


def test_every_page_is_accessible_to_all_who_may_open_it(
    visits: Visits, client_for: ClientFor, page_for: PageFor
) -> None:
    told: list[str] = []
    seen = {"/connexion"}
    looked_at: set[tuple[str, str]] = set()
    for email in PEOPLE:
        page = page_for(email)
        page.add_init_script(path=AXE)
        for address, (path, text) in seen_by(client_for(email), visits).items():
            seen.add(path)
            if (address, text) not in looked_at:
                looked_at.add((address, text))
                page.goto(address)
                told += [f"{email}, {fault}" for fault in faults_of(page)]
    assert told == [], "\n".join(told)
    assert [path for path in page_routes() if path not in seen] == [], "nobody here may open these"


def test_the_pages_of_a_stranger_and_what_axe_would_say(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport=WIDE)
    page = context.new_page()
    page.add_init_script(path=AXE)
    for place in ("/absente", "/connexion"):
        page.goto(place)
        assert faults_of(page) == []
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><img src=\"/a\">"
        "<p>Trop large</p>')"
    )
    page.evaluate("document.querySelector('main > p:last-child').style.width = '900px'")
    told = "\n".join(faults_of(page))
    assert "button-name (critical)" in told
    assert "image-alt (critical)" in told
    assert "scrolls sideways at 320 px" in told
    context.close()
