"""Forms take as many rows as they say, and what passes a limit is refused in French, with the limit."""

import pytest
from sqlmodel import select

from app.batches.schemas import GroupForm
from app.models import Batch, Status
from app.platform.database import reading
from app.web.form_limits import FORM_LIMITS, ROWS, passed_limit
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk, desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor

__all__ = ["desk"]


def test_a_group_of_more_than_a_thousand_rows_is_one_form(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 1_100, label="SODIUM")
    data = {"lignes": [f"{row}:0" for row in ids], "action": "no_loinc", "reason": "essai"}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    assert answer.status_code == 303, answer.text[:1000]
    assert statuses(desk, ids[-1:]) == [Status.DECIDED]


def test_more_approvals_than_a_person_reads_are_refused_and_said(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(BIOLOGIST)
    choices = [f"{10**6 + number}:0" for number in range(1_001)]
    answer = client.post(f"{desk.base}/approbation", data={"choix": choices})
    assert answer.status_code == 422
    assert "100 lignes au plus" in answer.text


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [("approbation", "choix", "1:0"), ("revue/1/groupe", "lignes", "1:0"), ("lots", "ligne", "1")],
)
@pytest.mark.parametrize(
    ("more", "status", "said"), [(1, 422, "5\u202f000 lignes au plus"), (101, 413, "5\u202f100 champs")]
)
def test_more_rows_than_a_form_takes_are_refused_in_french(
    desk: Desk, client_for: ClientFor, path: str, name: str, value: str, more: int, status: int, said: str
) -> None:
    answer = client_for(BIOLOGIST).post(f"{desk.base}/{path}", data={name: [value] * (ROWS + more)})
    assert answer.status_code == status
    assert said in answer.text
    assert "Too many" not in answer.text
    with reading(desk.engine) as session:
        assert session.exec(select(Batch)).all() == []


@pytest.mark.parametrize("is_multipart", [False, True])
def test_a_text_that_no_field_holds_is_refused_in_french(
    desk: Desk, client_for: ClientFor, is_multipart: bool
) -> None:
    data = {"reason": "x" * (1024 * 1024 + 1), "action": "no_loinc"}
    files = {"vide": ("vide.txt", b"")} if is_multipart else None
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{desk.sodium}/groupe", data=data, files=files)
    assert answer.status_code == 413
    assert "dépasse 1\u202f024 Ko" in answer.text
    assert "exceeded" not in answer.text


def test_a_text_too_long_for_its_field_says_how_long_it_may_be(desk: Desk, client_for: ClientFor) -> None:
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{desk.sodium}/groupe", data={"autre_code": "1" * 21})
    assert answer.status_code == 422
    assert "20 caractères au plus" in answer.text


def test_too_many_files_are_refused_in_french_and_other_words_are_left() -> None:
    assert passed_limit("Too many files. Maximum number of files is 5.") == (
        "Trop de fichiers : 5 fichiers au plus en un envoi. Rien n'a été enregistré."
    )
    assert passed_limit("Not Found") is None


def test_every_form_has_room_for_the_rows_that_it_announces() -> None:
    assert FORM_LIMITS["max_fields"] > ROWS + len(GroupForm.model_fields)
