"""An address whose number is none names no page: said without a name of ours."""

from tests.conftest import TRANSCODER, ClientFor


def test_an_address_without_a_number_is_no_page(client_for: ClientFor) -> None:
    answer = client_for(TRANSCODER).get("/travaux/abc")
    assert answer.status_code == 404
    assert "existe pas." in answer.text
    assert "job_id" not in answer.text
