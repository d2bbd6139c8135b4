"""A day at the keyboard: nothing that was typed or decided is lost on the way, and what was decided can go back."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Dialog, Page, Route, expect
from sqlmodel import select

from app.main import create_app
from app.models import Action, Decision, Level, LocalTest, Proposal, Status
from app.platform.database import reading, transaction
from tests.app.approval.opened import approve
from tests.app.review.conftest import Desk, desk
from tests.app.review.sample import evidence
from tests.browser.conftest import PageFor
from tests.browser.test_review_keyboard import eventually, expect_row, open_case, quiet_page
from tests.conftest import BIOLOGIST, READER, TRANSCODER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.only("sqlite", "what happens in the browser does not depend on the database"),
]
__all__ = ["desk", "quiet_page"]

AZERTY_DIGITS = {"1": "&", "2": "é", "3": '"', "4": "'", "5": "("}


def add_rows(desk: Desk, count: int) -> list[int]:
    """Rows with two proposals each, after those of the desk."""
    codes = ("14749-6", "2345-7")
    with transaction(desk.engine) as session:
        rows = [
            LocalTest(
                catalogue_id=desk.catalogue_id, level=Level.ANALYSIS, code=f"L{n:02}", label=f"LIGNE {n:02}",
                unit="mmol/L", specimen="Plasma", position=100 + n,
            )
            for n in range(count)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        for row in rows:
            for rank, code in enumerate(codes, start=1):
                session.add(
                    Proposal(
                        run_id=desk.run.id or 0, local_test_id=row.id or 0, rank=rank, loinc_num=code,
                        confidence=0.9 / rank, band="to_check", has_contradiction=False, evidence=evidence(False),
                        unread="",
                    )
                )  # fmt: skip
        return [row.id or 0 for row in rows]


def azerty(page: Page, key: str) -> None:
    """A key as a French keyboard sends it: letters by what they write, digits by their place, under other signs."""
    page.evaluate(
        """([key, code]) => document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true}))""",
        [AZERTY_DIGITS.get(key, key), f"Digit{key}" if key in AZERTY_DIGITS else ""],
    )


def comment(page: Page) -> str:
    return page.locator("textarea[name=comment]").input_value()


def kept(page: Page) -> list[str]:
    return page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('brouillon:'))")  # type: ignore[no-any-return]


def test_sixty_cases_in_one_go_on_a_french_keyboard(desk: Desk, page_for: PageFor) -> None:
    rows = add_rows(desk, 60)
    page = page_for(TRANSCODER)
    open_case(page, desk, rows[0])
    for number in range(60):
        expect_row(page, f"LIGNE {number:02}")
        match number % 6:
            case 0:
                azerty(page, "v")
            case 1:
                azerty(page, "2")
                expect(page.locator("[data-chosen]")).to_have_text("2345-7")
                azerty(page, "v")
            case 2:
                azerty(page, "n")
                azerty(page, "3")
                page.keyboard.press("Enter")
            case 3:
                azerty(page, "h")
                page.keyboard.press("Enter")
            case 4:
                azerty(page, "d")
                page.keyboard.type("1 ou 2 ?")
                page.keyboard.press("Enter")
            case 5:
                azerty(page, "x")
                expect(page.locator("[data-chosen]")).to_have_text("2345-7")
                azerty(page, "v")

    def stored() -> list[tuple[str, str]]:
        return [(desk.state(row).status, desk.state(row).loinc_num) for row in rows]

    six = [
        (Status.DECIDED, "14749-6"), (Status.DECIDED, "2345-7"), (Status.DECIDED, ""), (Status.DECIDED, ""),
        (Status.DOUBT, ""), (Status.DECIDED, "2345-7"),
    ]  # fmt: skip
    eventually(page, stored, six * 10)
    assert kept(page) == []


@contextmanager
def another_server(desk: Desk) -> Iterator[str]:
    """A server started anew over what is stored."""
    application = create_app(desk.settings, desk.engine)
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_fifteen_decisions_go_back_one_key_each_after_a_restart(
    desk: Desk, quiet_page: Page
) -> None:
    rows = add_rows(desk, 16)
    page = quiet_page
    open_case(page, desk, rows[0])
    for number in range(15):
        expect_row(page, f"LIGNE {number:02}")
        page.keyboard.press("v")
        # Two decisions on their way may overtake each other: what is the newest is told by the server.
        eventually(page, lambda row=rows[number]: desk.state(row).status, Status.DECIDED)
    expect_row(page, "LIGNE 15")
    with another_server(desk) as address:
        # From the queue first, then from each case.
        page.goto(f"{address}{desk.base}/revue")
        for number in reversed(range(15)):
            # A key pressed before the scripts of a page are there is nobody's.
            page.wait_for_load_state("networkidle")
            page.keyboard.press("z")
            expect_row(page, f"LIGNE {number:02}")
            expect(page.locator("[data-done]")).to_contain_text("décision annulée")
        page.keyboard.press("z")
        expect(page.locator(".info-box")).to_contain_text("aucune décision à annuler")
        page.context.close()
    assert {desk.state(row).status for row in rows} == {Status.TODO}


def test_undoing_pressed_three_times_at_once_takes_back_three(desk: Desk, page_for: PageFor) -> None:
    rows = add_rows(desk, 4)
    for row in rows:
        desk.decide(row, Action.NO_LOINC)
    page = page_for(TRANSCODER)
    # From the banner of the last decision, then from whatever page comes.
    page.goto(f"{desk.base}/revue/{rows[3]}?fait={desk.facts(rows[3])[0].id}")
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "for (let n = 0; n < 3; n += 1) "
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'z', code: 'KeyZ', bubbles: true}))"
    )
    statuses = [Status.DECIDED, Status.TODO, Status.TODO, Status.TODO]
    eventually(page, lambda: [desk.state(row).status for row in rows], statuses)
    expect_row(page, "LIGNE 01")
    expect(page.locator("[data-done]")).to_contain_text("décision annulée")
    page.wait_for_load_state("networkidle")
    assert [len(desk.facts(row)) for row in rows] == [1, 2, 2, 2]


def test_an_approved_decision_is_passed_over_at_the_keyboard(desk: Desk, quiet_page: Page) -> None:
    desk.decide(desk.glucose, loinc_num="14749-6")
    desk.decide(desk.sodium)
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)
    page = quiet_page
    page.goto(f"{desk.base}/revue")
    page.keyboard.press("z")
    expect(page.locator(".warn-box")).to_contain_text("Rien n’a été annulé. Béatrice Biologiste a approuvé")
    expect(page.locator("main")).to_contain_text("NA SODIUM")
    # The way past it has the focus.
    page.keyboard.press("Enter")
    expect_row(page, "GLYCÉMIE")
    assert desk.state(desk.glucose).status == Status.TODO
    assert desk.state(desk.sodium).status == Status.APPROVED
    page.context.close()


def test_typed_text_survives_every_move_and_goes_once_recorded(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("c")
    page.keyboard.type("tube hépariné")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.locator("#autre-aucun").fill("pas encore de code")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("sodium plasma")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect_row(page, "GLYCÉMIE")
    assert comment(page) == ""
    page.keyboard.press("k")
    expect_row(page, "SODIUM")
    assert comment(page) == "tube hépariné"
    expect(page.locator("#autre-aucun")).to_have_value("pas encore de code")
    expect(page.locator("#recherche")).to_have_value("sodium plasma")
    page.keyboard.press("u")
    expect(page.locator("tr.is-current")).to_contain_text("SODIUM")
    page.go_back()
    expect_row(page, "SODIUM")
    assert comment(page) == "tube hépariné"
    # It was only typed: nothing is stored before the decision, and nothing is kept after it.
    assert desk.facts(desk.sodium) == []
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("2951-2")
    assert desk.facts(desk.sodium)[0].comment == "tube hépariné"
    assert kept(page) == []
    open_case(page, desk, desk.sodium)
    assert comment(page) == ""


def test_a_comment_alone_leaves_what_else_was_typed(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.locator("textarea[name=comment]").fill("à relire")
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.type("quel tube ?")
    page.get_by_role("button", name="Commenter seulement").click()
    expect(page.locator("[data-done]")).to_contain_text("commentaire enregistré")
    assert comment(page) == ""
    expect(page.locator("#question-doute")).to_have_value("quel tube ?")


def test_a_refusal_and_a_conflict_give_the_text_back(desk: Desk, quiet_page: Page) -> None:
    page = quiet_page
    open_case(page, desk, desk.sodium)
    page.locator("textarea[name=comment]").fill("mon avis")
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    expect(page.locator("[data-problem]")).to_contain_text("a changé depuis")
    assert comment(page) == "mon avis"
    page.reload()
    assert comment(page) == "mon avis"
    page.context.close()


def test_signing_out_forgets_what_was_typed(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.locator("textarea[name=comment]").fill("à moi seule")
    assert len(kept(page)) == 1
    page.get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/connexion*")
    assert page.evaluate("Object.keys(sessionStorage).length") == 0


def test_the_row_just_left_is_current_and_in_view(desk: Desk, page_for: PageFor) -> None:
    rows = add_rows(desk, 60)
    page = page_for(TRANSCODER)
    page.set_viewport_size({"width": 1280, "height": 600})
    page.goto(f"{desk.base}/revue?tri=fichier")
    page.locator(f"#ligne-{rows[50]} [data-open]").click()
    expect_row(page, "LIGNE 50")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    expect_row(page, "LIGNE 51")
    for leave in (lambda: page.keyboard.press("u"), lambda: page.goto(f"{desk.base}/revue?tri=fichier")):
        leave()
        current = page.locator("tr.is-current")
        expect(current).to_contain_text("LIGNE 51")
        expect(current).to_be_in_viewport()
        expect(current.locator("[data-open]")).to_be_focused()
        page.keyboard.press("v")
        expect_row(page, "LIGNE 51")
        page.wait_for_load_state("networkidle")


def test_without_network_the_row_comes_back_with_its_text_and_goes_once_it_is_there(
    desk: Desk, quiet_page: Page
) -> None:
    page = quiet_page
    open_case(page, desk, desk.sodium)
    page.keyboard.press("c")
    page.keyboard.type("avant la coupure")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.keyboard.press("v")
    expect(page.locator("[data-problem]")).to_contain_text("Pas de réseau")
    expect_row(page, "SODIUM")
    assert comment(page) == "avant la coupure"
    # Neither does undoing leave the page for the browser's own.
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect(page.locator("#annonce")).to_contain_text("rien n’a été annulé")
    expect_row(page, "SODIUM")
    page.context.set_offline(False)
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("2951-2")
    assert desk.facts(desk.sodium)[0].comment == "avant la coupure"
    page.context.close()


def test_every_decision_that_fails_is_listed_until_it_is_taken_again(desk: Desk, quiet_page: Page) -> None:
    page = quiet_page
    rows = add_rows(desk, 4)
    held: list[Route] = []
    open_case(page, desk, rows[0])
    page.route("**/decision*", lambda route: held.append(route))
    for number in range(3):
        expect_row(page, f"LIGNE {number:02}")
        # The row after is fetched in advance: without it the decision would leave with its page.
        page.wait_for_timeout(1_000)
        page.keyboard.press("v")
    expect_row(page, "LIGNE 03")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    # Leaving now would lose what is on its way: the browser asks.
    page.on("dialog", stay)
    page.evaluate("location.href = '/'")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect_row(page, "LIGNE 03")
    for route in held[:2]:
        route.abort()
    failures = page.locator("[data-failures] li")
    expect(failures).to_have_count(2)
    held[2].abort()
    # The last one is the row in sight: it is put back itself.
    expect_row(page, "LIGNE 02")
    expect(page.locator("[data-problem]")).to_contain_text("n’a pas été enregistrée")
    expect(failures).to_have_count(2)
    page.unroute("**/decision*")
    failures.first.get_by_role("link").click()
    expect_row(page, "LIGNE 00")
    expect(page.locator("[data-failures] li")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("v")
    expect(page.locator("[data-failures] li")).to_have_count(1)
    eventually(page, lambda: desk.state(rows[0]).status, Status.DECIDED)
    page.context.close()


def test_set_aside_and_flag_stay_on_the_row_with_what_is_typed(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("c")
    page.keyboard.type("en cours")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    # The next one is contradicted by the row: nothing is chosen for the person.
    expect(page.locator("[data-chosen]")).to_have_text("")
    expect(page.locator("th.is-aside")).to_contain_text("2951-2")
    expect(page.locator("th.is-aside")).to_contain_text("Écarté par")
    assert comment(page) == "en cours"
    page.locator("th.is-aside input[type=radio]").check()
    page.keyboard.press("x")
    expect(page.locator("th.is-aside")).to_have_count(0)
    expect(page.locator("[data-chosen]")).to_have_text("2951-2")
    page.keyboard.press("f")
    page.keyboard.type("voir Anne")
    page.keyboard.press("Enter")
    expect(page.locator(".row-flag")).to_contain_text("voir Anne")
    page.keyboard.press("f")
    expect(page.locator(".row-flag")).to_have_count(0)
    assert comment(page) == "en cours"
    with reading(desk.engine) as session:
        actions = session.exec(select(Decision.action).order_by(Decision.id)).all()  # type: ignore[arg-type]
    assert actions == ["reject_code", "restore_code", "flag", "unflag"]
    # The page is that of the row as it now is: a decision is not refused as late.
    page.keyboard.press("v")
    expect_row(page, "GLYCÉMIE")
    expect(page.locator("[data-done]")).to_contain_text("2951-2")


def test_only_the_keys_that_one_may_use_are_shown(desk: Desk, page_for: PageFor) -> None:
    page = page_for(READER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("?")
    shown = page.locator("dialog kbd").all_inner_texts()
    assert {"j", "/", "?", "Échap"} <= set(shown)
    assert not {"v", "x", "n", "h", "d", "f", "z", "1–5", "Entrée", "a", "g", "s"} & set(shown)
    page.keyboard.press("Escape")
    transcoder = page_for(TRANSCODER)
    open_case(transcoder, desk, desk.sodium)
    transcoder.keyboard.press("?")
    shown = transcoder.locator("dialog kbd").all_inner_texts()
    assert {"v", "x", "n", "h", "d", "f", "z", "1–5", "Entrée"} <= set(shown)
    assert not {"a", "r", "g", "s"} & set(shown)


def test_single_keys_can_be_switched_off_for_good(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    page.keyboard.press("?")
    page.get_by_label("Une touche seule").uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        for key in ("v", "j", "Digit2", "?"):
            page.keyboard.press(key)
        expect_row(page, "SODIUM")
        expect(page.locator("[data-chosen]")).to_have_text("2951-2")
        expect(page.locator("dialog")).not_to_be_visible()
        expect(page.locator(".kbd").first).not_to_be_visible()
        page.reload()
    page.get_by_role("button", name="Aide").click()
    page.get_by_label("Une touche seule").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect_row(page, "GLYCÉMIE")
    assert desk.facts(desk.sodium) == []


def test_escape_closes_the_panel_and_gives_the_keys_back(desk: Desk, page_for: PageFor) -> None:
    page = page_for(TRANSCODER)
    open_case(page, desk, desk.sodium)
    for key, field in (("d", "#question-doute"), ("f", "#note-repere"), ("n", "#autre-aucun")):
        page.keyboard.press(key)
        expect(page.locator(field)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(field)).not_to_be_visible()
    page.keyboard.press("j")
    expect_row(page, "GLYCÉMIE")
