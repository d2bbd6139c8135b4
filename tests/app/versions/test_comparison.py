"""Two versions row by row: the differences, and the page that shows them."""

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.models import SignOff
from app.platform.database import transaction
from app.versions.comparison import Nature, counts_of, differences, narrowed
from tests.app.review.conftest import Desk
from tests.app.versions.conftest import Approved, Signing
from tests.app.versions.test_canonical import SODIUM, mappings
from tests.conftest import READER


@given(mappings, mappings)
def test_what_differs_leads_from_one_to_the_other(before, after):
    found = {row.key: row for row in before}
    for item in differences(before, after):
        if item.after is None:
            del found[item.row.key]
        else:
            found[item.row.key] = item.after
    assert found == {row.key: row for row in after}


@given(mappings, st.randoms(use_true_random=False))
def test_nothing_differs_from_itself(mapping, random):
    other = list(mapping)
    random.shuffle(other)
    assert differences(mapping, other) == []


def test_the_nature_of_each_difference():
    said = {
        Nature.CODE: replace(SODIUM, loinc_num="2950-4", approved_at="x"),
        Nature.TEXT: replace(SODIUM, unit="mEq/L", approved_at="x"),
        Nature.APPROVAL: replace(SODIUM, approved_at="x"),
    }
    for nature, after in said.items():
        (item,) = differences([SODIUM], [after])
        assert item.nature is nature
    (came,), (went,) = differences([], [SODIUM]), differences([SODIUM], [])
    assert (came.nature, went.nature, came.changed) == (Nature.ADDED, Nature.REMOVED, ())
    assert counts_of([came, went])[Nature.ADDED] == 1
    assert narrowed([came, went], [Nature.REMOVED], "") == [went]
    assert narrowed([came, went], [], "sodi") == [came, went]
    assert narrowed([came], [], "potassium") == []


def test_the_page_shows_what_changed_since_a_version(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signing.sign()
    approved(desk.glucose)
    signing.sign()
    client = signing.client(READER)
    address = f"{signing.path}/comparaison"
    page = client.get(f"{address}?de=1&a=2")
    assert "1 ligne différente" in page.text
    assert "non approuvée" in page.text
    assert "GLYCÉMIE" in page.text
    assert "SODIUM" not in page.text
    assert "Aucune ligne ne diffère" in client.get(f"{address}?de=2&a=actuel").text
    assert "Aucune ligne ne diffère" in client.get(f"{address}?de=1&a=2&nature=retrait").text
    text = client.get(f"{address}?de=1&a=2&format=csv").content.decode("utf-8-sig")
    (line,) = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert (line["Code local"], line["Avant"], line["Après"]) == ("GLU", "non approuvée", "2951-2")
    for wrong in ("de=x", "nature=x", "page=0", "de=9999999999999", "de=%C2%B2"):
        assert client.get(f"{address}?{wrong}").status_code == 422, wrong
    assert client.get(f"{address}?de=7").status_code == 404


def test_the_signed_rows_are_given_and_an_altered_content_is_not(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signature = signing.sign()
    address = f"{signing.path}/{signature.public_id}?format=csv"
    text = signing.client(READER).get(address).content.decode("utf-8-sig")
    assert [line["loinc_num"] for line in csv.DictReader(io.StringIO(text), delimiter=";")] == ["", "2951-2"]
    with transaction(desk.engine) as session:
        triggers = session.connection()
        on = " ON sign_off" if triggers.dialect.name == "postgresql" else ""
        triggers.exec_driver_sql(f"DROP TRIGGER tr_sign_off_no_update{on}")
        session.get(SignOff, signature.id).content = b""
    answer = signing.client(READER).get(address)
    assert (answer.status_code, "a été effacé" in answer.text) == (409, True)


def test_nothing_is_compared_where_nothing_was_signed(signing: Signing):
    assert signing.client(READER).get(f"{signing.path}/comparaison").status_code == 409
