"""The review through the web: pages, forms, roles, conflicts, isolation."""

import csv
import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.models import Action, AuditEvent, Decision, LocalTest, Proposal, ProposalRun, RunStatus, Status
from app.platform.database import reading, transaction
from matcher.nontest import PANEL_REASON
from tests.app.review.conftest import Desk
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor

JSON = {"accept": "application/json"}


def case(desk: Desk, row: int) -> str:
    return f"{desk.base}/revue/{row}"


def send(client: TestClient, desk: Desk, row: int, headers: dict[str, str] | None = None, **data: str | int) -> object:
    data.setdefault("version", desk.version(row))
    return client.post(f"{case(desk, row)}/decision", data=data, headers=headers or {})


@pytest.mark.parametrize("email", [TRANSCODER, BIOLOGIST, READER])
def test_members_see_the_queue(desk: Desk, client_for: ClientFor, email: str) -> None:
    page = client_for(email).get(f"{desk.base}/revue")
    assert page.status_code == 200
    assert "GLYCÉMIE" in page.text
    assert "1–5" in page.text
    assert "Non-analyse ou ensemble</span>" in page.text


@pytest.mark.parametrize("email", [OUTSIDER, ADMINISTRATOR])
def test_others_see_nothing(desk: Desk, client_for: ClientFor, email: str) -> None:
    client = client_for(email)
    for url in (f"{desk.base}/revue", f"{desk.base}/revue?format=csv", case(desk, desk.sodium)):
        assert client.get(url).status_code == 404
    assert send(client, desk, desk.sodium, loinc_num="2951-2").status_code == 404  # type: ignore[attr-defined]
    assert desk.facts(desk.sodium) == []


def test_a_row_is_not_reached_through_another_catalogue(desk: Desk, client_for: ClientFor) -> None:
    other = desk.world.add_catalogue("Le mien", desk.world.other_laboratory.id)
    client = client_for(OUTSIDER)
    url = f"/catalogues/{other.id}/revue/{desk.sodium}"
    assert client.get(url).status_code == 404
    answer = client.post(f"{url}/decision", data={"version": 0, "loinc_num": "2951-2"})
    assert answer.status_code == 404
    assert client.post(f"{url}/annulation", data={"version": 0}).status_code == 404
    assert desk.facts(desk.sodium) == []


def test_the_best_proposal_of_the_queue_does_not_look_like_a_decision(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    html = client_for(TRANSCODER).get(f"{desk.base}/revue").text
    assert html.count("proposal-chip") >= 3
    row = html.split(f'id="ligne-{desk.sodium}"')[1].split("</tr>")[0]
    assert "Décidée" in row
    assert "chip chip-info" in row


def test_filters_and_negation_are_in_the_links(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    html = client.get(f"{desk.base}/revue?milieu=S%C3%A9rum").text
    assert "SODIUM" in html
    assert "GLYCÉMIE" not in html
    assert "sauf-milieu=" in html
    left_out = client.get(f"{desk.base}/revue?sauf-milieu=S%C3%A9rum").text
    assert "GLYCÉMIE" in left_out
    assert ">SODIUM<" not in left_out
    assert client.get(f"{desk.base}/revue?etat=bizarre").status_code == 422


def test_the_csv_holds_the_filtered_rows_and_disarms_formulas(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, comment="=1+1")
    answer = client_for(READER).get(f"{desk.base}/revue?etat=decidee&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["Code"], row["Code LOINC"], row["Décidée par"]) for row in rows] == [
        ("NA", "2951-2", "Tania Transcodeuse")
    ]
    assert rows[0]["Commentaire"] == "'=1+1"


def test_the_case_shows_the_seven_lines_and_the_checks(desk: Desk, client_for: ClientFor) -> None:
    html = client_for(TRANSCODER).get(case(desk, desk.sodium)).text
    for title in ("Composant", "Grandeur", "Temporalité", "Milieu", "Échelle", "Technique", "Unité"):
        assert re.search(rf'<th scope="row" class="axis">{title}</th>', html)
    assert html.count('name="loinc_num"') == 5
    assert "Voir jusqu'à 10 propositions" in html
    assert "lexique de l'atelier" in html
    assert "Contredit" in html
    assert "Aucun de ceux-ci" in html
    assert "97,0" in html
    ten = client_for(TRANSCODER).get(f"{case(desk, desk.sodium)}?candidats=10").text
    assert ten.count('name="loinc_num"') == 6


def test_a_reader_sees_the_case_without_any_form(desk: Desk, client_for: ClientFor) -> None:
    html = client_for(READER).get(case(desk, desk.sodium)).text
    assert "/decision" not in html
    assert "/annulation" not in html
    answer = send(client_for(READER), desk, desk.sodium, loinc_num="2951-2")
    assert answer.status_code == 403  # type: ignore[attr-defined]
    assert desk.facts(desk.sodium) == []


def test_reading_writes_nothing(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    for url in ("/revue", "/revue?format=csv", f"/revue/{desk.sodium}?recherche=sodium&choix=2947-0", "/approbation"):
        assert client.get(desk.base + url).status_code == 200
    with reading(desk.engine) as session:
        assert session.exec(select(Decision)).all() == []
        # The list that went out as a file is journaled, and nothing else.
        events = session.exec(select(AuditEvent)).all()
        assert [event.details["route"] for event in events] == ["/catalogues/{catalogue_id}/revue"]
    assert client.get(f"{case(desk, desk.sodium)}/decision").status_code in (404, 405)


def test_accepting_goes_to_the_next_row_to_decide_in_the_same_order(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    answer = client.post(
        f"{case(desk, desk.sodium)}/decision?tri=fichier&etat=a-traiter",
        data={"version": 0, "action": "choose", "loinc_num": "2951-2"},
    )
    assert answer.status_code == 303
    fact = desk.facts(desk.sodium)[0]
    assert answer.headers["location"] == f"{case(desk, desk.glucose)}?etat=a-traiter&tri=fichier&fait={fact.id}"
    page = client.get(answer.headers["location"]).text
    assert "NA SODIUM : code 2951-2 enregistré." in page
    assert f"/revue/{desk.sodium}/annulation" in page
    assert "<strong>1</strong> sur 4" in page


def test_the_button_of_a_candidate_wins_over_the_chosen_radio(desk: Desk, client_for: ClientFor) -> None:
    send(client_for(TRANSCODER), desk, desk.sodium, loinc_num="2951-2", retenir="2955-3", justification="urine")
    assert desk.state(desk.sodium).loinc_num == "2955-3"


@pytest.mark.parametrize(("action", "outcome"), [("no_loinc", "no_loinc"), ("out_of_scope", "out_of_scope")])
def test_no_code_with_a_usual_and_a_free_reason(desk: Desk, client_for: ClientFor, action: str, outcome: str) -> None:
    send(client_for(TRANSCODER), desk, desk.sodium, action=action, reason="Usuel", other_reason="précision")
    assert desk.state(desk.sodium).outcome == outcome
    assert desk.facts(desk.sodium)[0].reason == "Usuel — précision"


def test_the_last_decision_comes_back_to_the_queue(desk: Desk, client_for: ClientFor) -> None:
    answer = client_for(TRANSCODER).post(
        f"{case(desk, desk.sodium)}/decision?q=sodium", data={"version": 0, "loinc_num": "2951-2"}
    )
    assert answer.headers["location"].startswith(f"{desk.base}/revue?q=sodium&fait=")


def test_a_comment_stays_on_the_row(desk: Desk, client_for: ClientFor) -> None:
    answer = send(client_for(TRANSCODER), desk, desk.sodium, action="comment", comment="à demander")
    assert answer.headers["location"].startswith(f"{case(desk, desk.sodium)}?fait=")  # type: ignore[attr-defined]
    html = client_for(READER).get(case(desk, desk.sodium)).text
    assert "à demander" in html


def test_a_missing_justification_gives_the_page_back_with_what_was_written(desk: Desk, client_for: ClientFor) -> None:
    answer = send(
        client_for(TRANSCODER), desk, desk.sodium, loinc_num="2823-3", comment="mon commentaire", relation="related"
    )
    assert answer.status_code == 422  # type: ignore[attr-defined]
    html = answer.text  # type: ignore[attr-defined]
    assert "Justifiez par écrit" in html
    assert "asks-justification" in html
    assert "mon commentaire" in html
    assert '<option value="related" selected>' in html
    assert re.search(r'value="2823-3" form="form-choix"[^>]*checked', html)
    assert desk.facts(desk.sodium) == []


def test_a_conflict_shows_the_other_decision(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST, reason="pas de code")
    client = client_for(TRANSCODER)
    answer = send(client, desk, desk.sodium, version=0, loinc_num="2951-2")
    assert answer.status_code == 409  # type: ignore[attr-defined]
    html = answer.text  # type: ignore[attr-defined]
    assert "Béatrice Biologiste" in html
    assert "pas de code" in html
    assert "2951-2" in html
    as_json = send(client, desk, desk.sodium, headers=JSON, version=0, loinc_num="2951-2")
    assert as_json.status_code == 409  # type: ignore[attr-defined]
    assert "a changé" in as_json.json()["detail"]  # type: ignore[attr-defined]
    assert len(desk.facts(desk.sodium)) == 1


def test_the_script_gets_the_outcome_and_the_way_to_undo_it(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    outcome = send(client, desk, desk.sodium, headers=JSON, loinc_num="2951-2").json()  # type: ignore[attr-defined]
    assert outcome["message"] == "NA SODIUM : code 2951-2 enregistré."
    assert outcome["version"] == 1
    assert not outcome["needs_reason"]
    back = client.post(outcome["undo_url"], data={"version": outcome["version"]})
    assert back.status_code == 303
    assert back.headers["location"].startswith(case(desk, desk.sodium))
    assert desk.state(desk.sodium).status == Status.TODO
    html = client.get(case(desk, desk.sodium)).text
    assert "annulé depuis" in html


def test_undoing_someone_else_s_decision_is_refused(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium)
    client = client_for(BIOLOGIST)
    assert "Annuler ma décision" not in client.get(case(desk, desk.sodium)).text
    answer = client.post(f"{case(desk, desk.sodium)}/annulation", data={"version": 1})
    assert answer.status_code == 409
    assert "votre propre décision" in answer.text


def test_an_approved_row_asks_why_it_is_reopened(
    desk: Desk, approved: Callable[[int], None], client_for: ClientFor
) -> None:
    approved(desk.sodium)
    client = client_for(TRANSCODER)
    assert "Motif de la réouverture" in client.get(case(desk, desk.sodium)).text
    answer = send(client, desk, desk.sodium, action="choose", retenir="2955-3", justification="j")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    send(client, desk, desk.sodium, retenir="2955-3", justification="j", reason="milieu changé")
    assert desk.state(desk.sodium).status == Status.DECIDED


def test_search_compares_a_code_that_was_not_proposed(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    url = f"{case(desk, desk.glucose)}?choix=1988-5"
    html = client.get(url).text
    assert "Trouvé par recherche" in html
    assert re.search(r'value="1988-5" form="form-choix"', html)
    found = client.get(f"{case(desk, desk.glucose)}?recherche=2947-0").text
    assert "Comparer" in found
    assert f"{case(desk, desk.glucose)}?recherche=2947-0&amp;choix=2947-0#comparaison" in found
    nothing = client.get(f"{case(desk, desk.glucose)}?recherche=zzzz").text
    assert "Aucun terme de LOINC" in nothing


def test_a_code_decided_outside_the_proposals_is_a_column(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.glucose, loinc_num="1988-5", justification="essai")
    html = client_for(BIOLOGIST).get(case(desk, desk.glucose)).text
    assert "Hors propositions" in html
    assert "Code décidé" in html


def test_a_row_that_is_no_test_has_no_chosen_candidate(desk: Desk, client_for: ClientFor) -> None:
    html = client_for(TRANSCODER).get(case(desk, desk.comment_row)).text
    assert "Le moteur n'y voit pas une analyse" in html
    assert "data-accept-nontest" in html


def test_a_row_that_names_a_set_is_left_to_a_person(desk: Desk, client_for: ClientFor) -> None:
    """The code of the set is offered and nothing is chosen: neither the code nor "out of scope" goes by itself."""
    with transaction(desk.engine) as session:
        said = [{"axis": "component", "verdict": "agree", "sentence": PANEL_REASON, "local": "GLYCÉMIE"}]
        session.add(
            Proposal(
                run_id=desk.run.id or 0, local_test_id=desk.glucose, rank=0, loinc_num="", confidence=0.85,
                band="to_check", has_contradiction=False, evidence=said,
            )
        )  # fmt: skip
    html = unescape(client_for(TRANSCODER).get(case(desk, desk.glucose)).text)
    assert "Le libellé nomme un ensemble d'analyses : à transcoder ligne par ligne" in html
    assert "Le moteur n'y voit pas une analyse" not in html
    assert "data-accept-nontest" not in html
    assert 'value="14749-6" form="form-choix"' in html
    assert not re.search(r'form="form-choix"[^>]*checked', html)
    assert re.search(r'value="Ensemble d[^"]*ligne" form="form-hors" checked', html)


NOT_RUN, RUNNING, FAILED, FOUND_NOTHING = (
    "n'a pas encore été lancée", "est en cours", "mémoire insuffisante", "n'a trouvé aucun code LOINC plausible",
)  # fmt: skip


@pytest.mark.parametrize(
    ("status", "current", "wanted"),
    [
        (None, False, NOT_RUN),
        (RunStatus.RUNNING, False, RUNNING),
        (RunStatus.FAILED, False, FAILED),
        (RunStatus.DONE, True, FOUND_NOTHING),
    ],
)
def test_four_different_silences(
    desk: Desk, client_for: ClientFor, status: RunStatus | None, current: bool, wanted: str
) -> None:
    catalogue = desk.world.add_catalogue("Neuf")
    message = "La recherche de propositions a échoué : mémoire insuffisante."
    with transaction(desk.engine) as session:
        test = LocalTest(catalogue_id=catalogue.id or 0, level="analysis", code="A", label="RIEN")
        session.add(test)
        if status is not None:
            session.add(
                ProposalRun(
                    catalogue_id=catalogue.id or 0,
                    release_id=desk.release.id or 0,
                    engine_version="1",
                    status=status,
                    is_current=current,
                    message=message if status is RunStatus.FAILED else "",
                )
            )
        session.flush()
        row_id = test.id
    html = unescape(client_for(TRANSCODER).get(f"/catalogues/{catalogue.id}/revue/{row_id}").text)
    assert [text for text in (NOT_RUN, RUNNING, FAILED, FOUND_NOTHING) if text in html] == [wanted]


def test_a_later_failure_keeps_the_earlier_proposals_and_says_so(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        session.add(
            ProposalRun(
                catalogue_id=desk.catalogue_id,
                release_id=desk.release.id or 0,
                engine_version="2",
                status=RunStatus.FAILED,
                message="La recherche de propositions a échoué : panne.",
            )
        )
    html = client_for(TRANSCODER).get(case(desk, desk.sodium)).text
    assert "Les propositions affichées sont celles de la recherche" in html
    assert html.count('name="loinc_num"') == 5


def test_what_laboratories_write_is_never_markup(desk: Desk, client_for: ClientFor) -> None:
    desk.decide(desk.sodium, comment="<script>alert(1)</script>")
    html = client_for(TRANSCODER).get(case(desk, desk.sodium)).text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
