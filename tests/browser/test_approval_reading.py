"""The biologist's reading in a real browser: a chapter of 60 rows is read and approved with keys alone."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert
from sqlmodel import col, func, select

from app.approval import service
from app.approval.reading import ROWS
from app.models import Action, Batch, Decision, Level, LocalTest, LoincTerm, Relation, ReviewState, Role, Status
from app.platform.database import reading, transaction
from app.transcoding.facts import derive_state
from app.transcoding.repository import store_states
from tests.app.review.conftest import Desk, desk
from tests.browser.conftest import PageFor, picture
from tests.conftest import BIOLOGIST, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk"]

CHAPTER = "Sérologie"
CHAPTER_ROWS = 60
RISKY = 4
"""Rows of the chapter that have an alert."""


@pytest.fixture
def chapter(desk: Desk) -> list[int]:
    """Sixty decided rows of one chapter, each with a code of its own; a few have an alert."""
    with transaction(desk.engine) as session:
        model = session.exec(select(LoincTerm).where(col(LoincTerm.loinc_num) == "2951-2")).one()
        values = model.model_dump(exclude={"id"})
        numbers = [_with_check_digit(90_000 + number) for number in range(CHAPTER_ROWS)]
        names = [f"Virus n° {number}" for number in range(1, CHAPTER_ROWS + 1)]
        session.execute(
            insert(LoincTerm),
            [
                {**values, "loinc_num": code, "component": name,
                 "long_common_name": f"{name} Ab [Units/volume] in Serum",
                 "official_french_name": f"{name} anticorps IgG [Unités/Volume] Sérum/Plasma ; Numérique",
                 "property": "ACnc"}
                for code, name in zip(numbers, names, strict=True)
            ],
        )  # fmt: skip
        tests = [
            LocalTest(
                catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, position=100 + number, code=f"SERO{number:02}",
                label=f"{names[number].upper()} IGG", synonym=f"Ac anti-virus {number + 1}", chapter=CHAPTER,
                specimen="Sérum", unit="UI/mL", technique="Chimiluminescence", nabm=f"{3700 + number}",
                annual_volume=40 * number,
            )
            for number in range(CHAPTER_ROWS)
        ]  # fmt: skip
        session.add_all(tests)
        session.flush()
        ids = [test.id or 0 for test in tests]
        facts = [
            Decision(
                local_test_id=row_id, action=Action.CHOOSE, loinc_num=numbers[number],
                relation=Relation.LOINC_NARROWER if number in (7, 30) else Relation.EQUIVALENT,
                comment="le code précise la technique" if number in (7, 30) else "",
                justification="vu avec le fournisseur du réactif" if number in (20, 50) else "",
                author_id=desk.world.user_id(TRANSCODER), author_role=Role.TRANSCODER, release_id=desk.release.id,
            )
            for number, row_id in enumerate(ids)
        ]  # fmt: skip
        session.add_all(facts)
        session.flush()
        store_states(session, {fact.local_test_id: derive_state([fact]) for fact in facts})
    return ids


def _with_check_digit(number: int) -> str:
    from loinc_data.checkdigit import is_valid_loinc

    return next(code for digit in range(10) if is_valid_loinc(code := f"{number}-{digit}"))


def approved(desk: Desk) -> int:
    with reading(desk.engine) as session:
        statement = select(func.count()).select_from(ReviewState).where(col(ReviewState.status) == Status.APPROVED)
        return session.exec(statement).one()


def ready(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.base}/approbation/lecture?chapitre={CHAPTER}")
    expect(page.locator(".reading.is-brief")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_a_chapter_of_60_rows_is_read_and_approved_with_keys_alone(
    desk: Desk, chapter: list[int], page_for: PageFor
) -> None:
    page = page_for(BIOLOGIST)
    page.set_viewport_size({"width": 1280, "height": 800})
    ready(page, desk)
    assert page.locator("tr[data-row]").count() == ROWS
    # The four rows with an alert come first, and twelve rows are in the window.
    assert page.locator("tr[data-row] input[data-tick]").count() == ROWS - RISKY
    last = page.locator("tr[data-row]").last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 800, last
    picture(page, "lecture.png")
    # She reads one row after the other, opens the risky one and approves it from its case.
    page.keyboard.press("j")
    expect(page.locator("tr.is-current")).to_have_attribute("id", f"ligne-{chapter[20]}")
    page.keyboard.press("a")
    expect(page.locator("#cas h1")).to_contain_text("VIRUS N° 21 IGG")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("a")
    expect(page.locator("[data-done]")).to_contain_text("décision approuvée")
    _eventually(page, desk, 1)
    # One row, ticked rows of the screen, then all that is left of the chapter.
    ready(page, desk)
    for _ in range(RISKY - 1):
        page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("[data-done]")).to_contain_text("décision approuvée")
    assert approved(desk) == 2
    # The reading goes on where it was, not from the first row again.
    expect(page.locator("tr.is-current #rang-4")).to_be_focused()
    page.keyboard.press("t")
    page.keyboard.press("m")
    expect(page.locator("h1")).to_have_text("Approuver ces lignes ?")
    expect(page.locator("body")).to_contain_text("9 lignes seront approuvées")
    assert approved(desk) == 2
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text("Lot d’approbations")
    assert approved(desk) == 11
    page.keyboard.press("u")
    expect(page.locator(".reading.is-brief")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("l")
    expect(page.locator("h1")).to_have_text("Approuver ces lignes ?")
    expect(page.locator("body")).to_contain_text("46 lignes seront approuvées")
    expect(page.locator("body")).to_contain_text("3 lignes sont laissées")
    picture(page, "approbation.png")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text("Lot d’approbations")
    assert approved(desk) == CHAPTER_ROWS - RISKY + 1
    picture(page, "lot-approbations.png")
    page.keyboard.press("u")
    expect(page.locator(".reading.is-brief")).to_be_visible()
    assert page.locator("tr[data-row]").count() == RISKY - 1
    # A question sent back, without the mouse.
    page.keyboard.press("r")
    page.keyboard.type("quel réactif ?")
    page.keyboard.press("Enter")
    expect(page.locator("[data-done]")).to_contain_text("renvoy")
    assert page.locator("tr[data-row]").count() == RISKY - 2


def _eventually(page: Page, desk: Desk, wanted: int) -> None:
    for _ in range(600):
        if approved(desk) == wanted:
            return
        page.wait_for_timeout(100)
    assert approved(desk) == wanted


def test_a_batch_is_taken_back_from_its_page(desk: Desk, chapter: list[int], page_for: PageFor) -> None:
    page = page_for(BIOLOGIST)
    ready(page, desk)
    page.keyboard.press("l")
    expect(page.locator("h1")).to_have_text("Approuver ces lignes ?")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text("Lot d’approbations")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("z")
    page.keyboard.type("mauvais chapitre")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Reprise")
    assert approved(desk) == 0
    with reading(desk.engine) as session:
        kinds = [batch.kind for batch in session.exec(select(Batch).order_by(col(Batch.id)))]
    assert kinds == ["approval", "unapprove"]


def test_a_doubt_is_answered_by_keys(desk: Desk, page_for: PageFor) -> None:
    desk.decide(desk.sodium, Action.DOUBT, reason="sérum ou plasma ?")
    page = page_for(BIOLOGIST)
    page.goto(f"{desk.base}/approbation/lecture?etat=doute")
    expect(page.locator(".reading.is-brief")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(f"#ligne-{desk.sodium}")).to_contain_text("sérum ou plasma ?")
    page.keyboard.press("r")
    page.keyboard.type("plasma hépariné, comme le dit la notice")
    page.keyboard.press("Enter")
    expect(page.locator(f"#ligne-{desk.sodium}")).to_contain_text("Répondue")
    with reading(desk.engine) as session:
        fact = session.exec(select(Decision).order_by(col(Decision.id).desc())).first()
    assert fact is not None
    assert (fact.local_test_id, fact.comment) == (desk.sodium, "plasma hépariné, comme le dit la notice")
    assert desk.state(desk.sodium).status == Status.DOUBT


def test_an_approved_row_is_reopened_with_a_reason_alone(desk: Desk, page_for: PageFor) -> None:
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        service.approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)
    page = page_for(BIOLOGIST)
    page.goto(f"{desk.base}/revue/{desk.sodium}")
    expect(page.locator("#motif-reouverture")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("v")
    # The field that is missing is where she is put; nothing is sent.
    expect(page.locator("#motif-reouverture")).to_be_focused()
    assert desk.state(desk.sodium).status == Status.APPROVED
    page.keyboard.type("le fournisseur a changé de réactif")
    page.keyboard.press("Enter")
    expect(page.locator("[data-done]")).to_contain_text("enregistré")
    assert desk.state(desk.sodium).status == Status.DECIDED
    with reading(desk.engine) as session:
        fact = session.exec(select(Decision).order_by(col(Decision.id).desc())).first()
    assert fact is not None
    assert fact.reason == "le fournisseur a changé de réactif"


def test_an_attacker_ticks_what_the_page_does_not_offer(desk: Desk, chapter: list[int], page_for: PageFor) -> None:
    """The box of a row with an alert is written into the page, and the confirmation is written too."""
    page = page_for(BIOLOGIST)
    ready(page, desk)
    forged = """(rows) => {
      const form = document.getElementById("form-lecture");
      const add = (name, value) => form.append(Object.assign(document.createElement("input"), { name, value }));
      rows.forEach((row) => add("choix", `${row}:1`));
      add("confirme", "oui");
      add("perimetre", "chapitre");
    }"""
    page.evaluate(forged, [chapter[7], chapter[20], chapter[0]])
    page.locator("#form-lecture button[type=submit]").click()
    expect(page.locator("h1")).to_contain_text("Lot d’approbations")
    expect(page.locator("body")).to_contain_text("1 ligne approuvée")
    assert approved(desk) == 1


def test_the_reading_fits(desk: Desk, chapter: list[int], page_for: PageFor) -> None:
    page = page_for(BIOLOGIST)
    for width in (1280, 1920, 320):
        page.set_viewport_size({"width": width, "height": 800})
        ready(page, desk)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.evaluate(
            """() => Array.from(
                document.querySelectorAll(".reading a, .reading button, .reading summary, .reading select")
              )
              .filter((item) => item.checkVisibility() && !item.closest(".brief") && !item.matches(".sr-only"))
              .map((item) => [item.textContent.trim(), item.getBoundingClientRect().height])
              .filter(([, height]) => height < 23.9)"""
        )
        assert small == [], width
