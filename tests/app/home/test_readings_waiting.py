"""What waits in the double reading is told on the landing pages, to whoever may act on it."""

from collections.abc import Callable

import pytest

from app.home import repository
from app.platform.database import reading
from tests.app.double_reading.conftest import Readings, desk, differing, readings
from tests.conftest import ADMINISTRATOR, BIOLOGIST, READER, TRANSCODER, ClientFor

__all__ = ["desk", "differing", "readings"]

TO_READ = "1 ligne attend votre deuxième lecture."
TO_RECONCILE = "1 lecture en désaccord attend une conciliation."


@pytest.mark.parametrize("page", ["/", "catalogue"])
def test_each_is_told_what_she_may_act_on(readings: Readings, client_for: ClientFor, page: str) -> None:
    readings.decide_and_ask(readings.desk.glucose, loinc_num="14749-6")
    address = readings.desk.base if page == "catalogue" else page
    told = client_for(BIOLOGIST).get(address).text
    assert TO_READ in told
    assert f'href="{readings.base}"' in told
    assert "conciliation" not in told
    assert "deuxième lecture" not in client_for(TRANSCODER).get(address).text, "she has decided it herself"
    assert "deuxième lecture" not in client_for(READER).get(address).text


@pytest.mark.parametrize("page", ["/", "catalogue"])
def test_a_disagreement_is_told_to_a_biologist(
    differing: Callable[[], None], readings: Readings, client_for: ClientFor, page: str
) -> None:
    differing()
    address = readings.desk.base if page == "catalogue" else page
    assert TO_RECONCILE in client_for(BIOLOGIST).get(address).text
    assert "désaccord" not in client_for(TRANSCODER).get(address).text


def test_no_more_is_counted_than_is_told(
    readings: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MOST_READINGS", 1)
    for row in (readings.desk.sodium, readings.desk.glucose):
        readings.decide_and_ask(row, justification="essai")
    access = readings.desk.access(BIOLOGIST)
    with reading(readings.desk.engine) as session:
        found = repository.readings_waiting(session, [access.catalogue_id], access.user_id)
    assert found == {access.catalogue_id: (1, 0)}


def test_an_administrator_without_laboratory_is_told_her_next_step(client_for: ClientFor) -> None:
    page = client_for(ADMINISTRATOR).get("/").text
    assert "Votre prochain pas : créer un laboratoire" in page
    assert 'href="/administration/comptes"' in page
