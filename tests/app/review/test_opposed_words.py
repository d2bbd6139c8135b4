"""One code on rows whose words exclude each other: said in the case, whatever was chosen first."""

import pytest
from sqlmodel import col, update

from app.models import LocalTest
from app.platform.database import transaction
from tests.app.review.conftest import Desk
from tests.conftest import TRANSCODER, ClientFor


def rename(desk: Desk, row: int, label: str, specimen: str = "Sérum") -> None:
    with transaction(desk.engine) as session:
        session.execute(
            update(LocalTest).where(col(LocalTest.id) == row).values(label=label, specimen=specimen, synonym="")
        )


@pytest.mark.parametrize(
    ("first", "second", "about"),
    [
        ("TOXOPLASMOSE IGG", "TOXOPLASMOSE IGM", "des classes d’anticorps différentes"),
        ("TESTOSTERONE TOTALE", "TESTOSTERONE LIBRE", "des fractions différentes"),
        ("HCG QUALITATIF", "HCG QUANTITATIF", "des natures différentes"),
        ("CALCIUM SERIQUE", "CALCIUM URINAIRE", "des milieux différents"),
    ],
)
def test_words_that_exclude_each_other_are_warned_of_in_the_case(
    desk: Desk, client_for: ClientFor, first: str, second: str, about: str
) -> None:
    rename(desk, desk.glucose, first, "")
    rename(desk, desk.sodium, second, "")
    desk.decide(desk.glucose, loinc_num="2951-2", justification="essai")
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert f"« GLU {first} » porte déjà ce code, et vos mots disent {about}" in page


def test_rows_that_say_the_same_are_not_warned_of(desk: Desk, client_for: ClientFor) -> None:
    rename(desk, desk.glucose, "TOXOPLASMOSE IGG")
    rename(desk, desk.sodium, "AC IGG TOXOPLASMOSE")
    desk.decide(desk.glucose, loinc_num="2951-2", justification="essai")
    assert "vos mots disent" not in client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
