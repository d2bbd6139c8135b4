"""The numbers beside the filters are those of the rows that the filters keep, whatever is asked together."""

from itertools import product

import pytest
from fastapi.testclient import TestClient

from app.earlier import counts, repository
from app.earlier.page_building import _kept, conditions_of
from app.earlier.pages import EarlierQuery
from app.models import EarlierVerdict
from app.platform.database import reading
from tests.app.earlier.conftest import Inherited, as_csv
from tests.conftest import TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def test_numbers_are_those_of_the_rows(client: TestClient, inherited: Inherited) -> None:
    said = ("", "", "2951-2", "", "", "", "")
    rows = [("RIEN", "Sodium bis", *said), ("LOIN", "Loin", *said)]
    client.post(inherited.address, files=[("fichiers", ("autre.csv", as_csv(rows)))])
    inherited.run()
    found = inherited.statements()
    client.post(f"{inherited.address}/prendre", data={"usage": "left", "choix": f"{found['GLU'].id}:0"})
    # Decided as the file says, against what is proposed: shown as the same code.
    case = f"/catalogues/{inherited.catalogue_id}/revue/{inherited.test_id('CRP')}"
    form = {"version": "0", "action": "choose", "loinc_num": "30522-7", "comment": "vu sur le tube"}
    form["relation"] = "loinc_narrower"
    assert client.post(f"{case}/decision", data=form).status_code == 303
    with reading(inherited.engine) as session:
        for verdict, usage, source, contradicted, text in product(
            ("", EarlierVerdict.SAME, EarlierVerdict.METHOD, EarlierVerdict.UNLINKED), ("", "-", "left"),
            ("", "autre.csv"), ("", "1"), ("", "sodium"),
        ):  # fmt: skip
            query = EarlierQuery(verdict, source, usage, contradicted, text)
            shown = _kept(counts.tallies(session, inherited.catalogue_id, text), query)
            rows_kept = repository.window(session, conditions_of(inherited.catalogue_id, query), [])
            assert sum(item.count for item in shown) == len(rows_kept), query
        everything = counts.tallies(session, inherited.catalogue_id)
        assert counts.by(everything, lambda item: item.verdict)[EarlierVerdict.SAME] == 3
        assert counts.sources_of(everything)[0] == ("autre.csv", 2)
        assert counts.not_compared(everything, None) == sum(item.on_rows for item in everything) == 9
