"""The list of warnings, one warning, and what is answered."""

import csv
import io
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlparse

import pytest
from sqlmodel import select

from app.consistency.found_sql import Found
from app.consistency.kept_sql import page_of
from app.models import AuditEvent, ConsistencyAnswer, ConsistencyKind, Level, LocalTest, LoincRelease
from app.platform.database import reading, transaction
from tests.app.consistency.conftest import Code
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor

AddRows = Callable[[Mapping[str, Code]], dict[str, int]]
PANEL = "24323-8"
ORDERED = "50190-8"


def found(desk: Desk, is_answered: bool = False) -> list[Found]:
    with reading(desk.engine) as session:
        return page_of(
            session, desk.catalogue_id,
            order="gravite", is_down=False, kinds=(), is_answered=is_answered, limit=100,
        )  # fmt: skip


def kinds(desk: Desk, is_answered: bool = False) -> list[str]:
    return [item.kind for item in found(desk, is_answered)]


def test_nothing_is_said_of_codes_that_agree(desk: Desk, add_rows: AddRows) -> None:
    add_rows(
        {
            "one": (LocalTest(code="A", label="SODIUM", specimen="Sérum", unit="mmol/L"), "2951-2"),
            "two": (LocalTest(code="B", label="Dosage du sodium", specimen="Sérum", unit="mmol/L"), "2951-2"),
            "other": (LocalTest(code="C", label="GLYCEMIE", specimen="Plasma"), "14749-6"),
            "undecided": (LocalTest(code="D", label="POTASSIUM"), ""),
        }
    )
    assert found(desk) == []


def test_one_code_on_names_that_differ(desk: Desk, add_rows: AddRows) -> None:
    add_rows(
        {
            "one": (LocalTest(code="A", label="SODIUM", specimen="Sérum", annual_volume=20), "2951-2"),
            "two": (LocalTest(code="B", label="CHLORE", specimen="Sérum", annual_volume=30), "2951-2"),
        }
    )
    (item,) = found(desk)
    assert (item.kind, item.number, item.rows, item.variants, item.volume) == ("names", "2951-2", 2, 2, 50)


def test_words_that_exclude_each_other_on_one_code(desk: Desk, add_rows: AddRows) -> None:
    add_rows(
        {
            "igg": (LocalTest(code="A", label="TOXOPLASMOSE IgG"), "1988-5"),
            "igm": (LocalTest(code="B", label="TOXOPLASMOSE IgM"), "1988-5"),
        }
    )
    assert kinds(desk) == ["opposed"], "the names say the same but for the class, which is told once"


def test_blood_and_urine_may_share_a_code_of_any_specimen(
    desk: Desk, add_rows: AddRows, add_term: Callable[..., None]
) -> None:
    add_term("49086-2", component="Sodium", system="XXX")
    rows = {
        "blood": (LocalTest(code="A", label="SODIUM", specimen="Sang"), "49086-2"),
        "urine": (LocalTest(code="B", label="SODIUM", specimen="Urines"), "49086-2"),
    }
    add_rows(rows)
    assert kinds(desk) == []
    add_rows(
        {
            "blood": (LocalTest(code="C", label="SODIUM", specimen="Sang"), "2951-2"),
            "urine": (LocalTest(code="D", label="SODIUM", specimen="Urines"), "2951-2"),
        }
    )
    told = [item.number for item in found(desk) if item.kind is ConsistencyKind.OPPOSED]
    assert told == ["2951-2"]


def test_one_label_and_one_local_code_with_two_codes(desk: Desk, add_rows: AddRows) -> None:
    same = {"label": "SODIUM", "specimen": "Sérum", "unit": "mmol/L"}
    add_rows(
        {
            "one": (LocalTest(code="A", **same), "2951-2"),
            "two": (LocalTest(code="B", **same), "2947-0"),
            "first": (LocalTest(code="DEUX", label="CRP", unit="mg/L"), "1988-5"),
            "second": (LocalTest(code="DEUX", occurrence=1, label="CRP", unit="g/L"), "30522-7"),
        }
    )
    assert kinds(desk) == ["local_code", "label"]


def test_codes_of_panels_and_of_orders(
    desk: Desk, add_rows: AddRows, add_term: Callable[..., None]
) -> None:
    add_term(PANEL, component="Comprehensive metabolic panel", class_name="PANEL.CHEM", order_obs="Order")
    add_term(ORDERED, component="Iron", class_name="CHEM", order_obs="Order")
    add_rows(
        {
            "analysis": (LocalTest(code="A", label="BILAN"), PANEL),
            "exam": (LocalTest(code="E", label="BILAN", level=Level.EXAM), PANEL),
            "ordered": (LocalTest(code="F", label="FER"), ORDERED),
        }
    )
    assert [(item.kind, item.rows) for item in found(desk)] == [("panel", 1)], "the subset says nothing of orders"
    with transaction(desk.engine) as session:
        release = session.get(LoincRelease, desk.release.id)
        assert release is not None
        release.kind = "official"
    assert [(item.kind, item.number) for item in found(desk)] == [("panel", PANEL), ("order", ORDERED)]


def opposed(desk: Desk, add_rows: AddRows) -> dict[str, int]:
    return add_rows(
        {
            "igg": (LocalTest(code="A", label="TOXOPLASMOSE IgG"), "1988-5"),
            "igm": (LocalTest(code="B", label="TOXOPLASMOSE IgM"), "1988-5"),
        }
    )


def form(desk: Desk, **changed: str) -> dict[str, str]:
    item = found(desk)[0] if found(desk) else found(desk, True)[0]
    return {
        "type": "opposes", "sujet": item.subject, "vu": item.seen, "action": "voulu", "motif": "Kit combiné",
    } | changed  # fmt: skip


def test_a_warning_that_is_meant_leaves_the_list_and_stays_in_its_history(
    desk: Desk, add_rows: AddRows, client_for: ClientFor
) -> None:
    opposed(desk, add_rows)
    client = client_for(TRANSCODER)
    page = client.get(f"{desk.base}/coherence").text
    assert "1988-5 est donné à 2 analyses dont les mots disent des classes d’anticorps différentes" in page
    answer = client.post(f"{desk.base}/coherence/reponse", data=form(desk))
    assert answer.status_code == 303
    assert "Kit combiné" in client.get(answer.headers["location"]).text
    assert kinds(desk) == []
    assert kinds(desk, True) == ["opposed"]
    assert "Kit combiné" in client.get(f"{desk.base}/coherence?vus=1").text
    assert "Kit combiné" not in client.get(f"{desk.base}/coherence").text
    with reading(desk.engine) as session:
        (said,) = session.exec(select(ConsistencyAnswer)).all()
        assert "TOXOPLASMOSE IgG" in said.summary
        assert session.exec(select(AuditEvent).where(AuditEvent.action == "consistency.accept")).one()


def test_a_meant_warning_comes_back_with_another_row_or_when_it_is_asked_for(
    desk: Desk, add_rows: AddRows, client_for: ClientFor
) -> None:
    opposed(desk, add_rows)
    client = client_for(BIOLOGIST)
    client.post(f"{desk.base}/coherence/reponse", data=form(desk))
    assert client.post(f"{desk.base}/coherence/reponse", data=form(desk, action="revoir")).status_code == 303
    assert kinds(desk) == ["opposed"]
    client.post(f"{desk.base}/coherence/reponse", data=form(desk))
    add_rows({"iga": (LocalTest(code="C", label="TOXOPLASMOSE IgA"), "1988-5")})
    assert kinds(desk) == ["opposed"]
    assert kinds(desk, True) == []


def test_answers_that_cannot_be_recorded(desk: Desk, add_rows: AddRows, client_for: ClientFor) -> None:
    opposed(desk, add_rows)
    client = client_for(TRANSCODER)
    path = f"{desk.base}/coherence/reponse"
    refused = client.post(path, data=form(desk, motif="  "))
    assert refused.status_code == 422
    assert "Écrivez pourquoi" in refused.text
    assert client.post(path, data=form(desk, motif="x" * 501)).status_code == 422
    stale = client.post(path, data=form(desk, vu="3:12"))
    assert stale.status_code == 409
    assert "ont changé" in stale.text
    assert "Kit combiné" in stale.text, "what was written is not lost"
    for bad in ({"type": "rien"}, {"action": "rien"}):
        assert client.post(path, data=form(desk, **bad)).status_code == 422
    for subject in ("", "analysis", "chapter:1988-5", "analysis:0000-0", "\x00:a"):
        assert client.post(path, data=form(desk, sujet=subject)).status_code in (400, 404, 422), subject
    assert client_for(READER).post(path, data=form(desk)).status_code == 403
    assert client_for(OUTSIDER).post(path, data=form(desk)).status_code == 404
    assert kinds(desk) == ["opposed"]


@pytest.mark.parametrize(
    "address",
    ["?tri=rien", "?type=rien", "?page=0", "?page=x", "/avertissement", "/avertissement?type=rien&sujet=a"],
)
def test_addresses_that_mean_nothing(desk: Desk, client_for: ClientFor, address: str) -> None:
    assert client_for(TRANSCODER).get(f"{desk.base}/coherence{address}").status_code == 422


def test_a_warning_that_is_no_more_leads_to_the_list(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(READER)
    for subject in ("analysis:1988-5", "exam:rien", "x", ""):
        answer = client.get(f"{desk.base}/coherence/avertissement?type=noms&sujet={subject}")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{desk.base}/coherence"


def test_the_list_sorts_filters_turns_and_is_exported(
    desk: Desk, add_rows: AddRows, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.consistency.pages.PAGE", 1)
    monkeypatch.setattr("app.consistency.pages.AT_ONCE", 1)
    opposed(desk, add_rows)
    add_rows(
        {
            "one": (LocalTest(code="X", label="SODIUM", annual_volume=10), "2951-2"),
            "two": (LocalTest(code="Y", label="=CHLORE", annual_volume=90), "2951-2"),
        }
    )
    client = client_for(READER)
    first = client.get(f"{desk.base}/coherence").text
    assert "1988-5 est donné" in first
    assert "2951-2 est donné" not in first
    assert "page=2" in first
    assert "2951-2 est donné" in client.get(f"{desk.base}/coherence?page=2").text
    assert "2951-2 est donné" in client.get(f"{desk.base}/coherence?tri=-volume").text
    assert "2951-2 est donné" in client.get(f"{desk.base}/coherence?type=noms").text
    sent = client.get(f"{desk.base}/coherence?format=csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(sent), delimiter=";"))
    assert [line["Code LOINC"] for line in lines] == ["1988-5", "2951-2"]
    assert lines[1]["Volume annuel"] == "100"


def test_the_address_of_a_local_code_with_signs_leads_to_it(
    desk: Desk, add_rows: AddRows, client_for: ClientFor
) -> None:
    add_rows(
        {
            "first": (LocalTest(code="/A&B:C?", label="CRP", unit="mg/L"), "1988-5"),
            "second": (LocalTest(code="/A&B:C?", occurrence=1, label="CRP", unit="g/L"), "30522-7"),
        }
    )
    (item,) = found(desk)
    assert item.kind is ConsistencyKind.LOCAL_CODE
    page = client_for(READER).get(f"{desk.base}/coherence").text
    address = next(part.split('"')[0] for part in page.split('href="') if "avertissement?" in part)
    assert parse_qs(urlparse(address.replace("&amp;", "&")).query)["sujet"] == [item.subject]
    assert "2 codes LOINC" in client_for(READER).get(address.replace("&amp;", "&")).text
