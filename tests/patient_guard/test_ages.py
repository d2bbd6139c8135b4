"""One person's age with a result is found in every wording; ranges of reference, in every wording, are not."""

import time
from itertools import product

import pytest

from app.patient_guard.ages import Aged, aged, tells_a_person
from app.patient_guard.findings import Kind
from app.patient_guard.texts import names_a_person_and_a_day, traces_in

_WHO = ("Homme", "Femme", "H", "F", "M", "Enfant", "Garçon", "Adulte", "Nouveau-né", "Hommes", "Patient", "Sujet", "")
_BOUNDS = (
    "> 54 ans", "< 54 ans", "≥ 18 ans", "18-54 ans", "18 à 50 ans", "de 18 à 54 ans", "(18-54 ans)",
    "entre 37 et 54 ans",
    "54 ans et plus", "54 ans et +", "+ de 54 ans", "plus de 54 ans", "de moins de 37 ans", "jusqu'à 37 ans",
    "à partir de 37 ans", "après 54 ans", "37 ans – 54 ans", "de 37 ans à 54 ans", "de 7 à 13 jours", "sup. à 54 ans",
    "dès 37 ans", "au-delà de 54 ans", "37/54 ans", "âge > 54 ans", "âgés de 37 à 54 ans", "<= 54 a", "37 ans révolus",
    "à 37 ans", "âge : 18 - 54", "de 50 ans", "50 ans", "18 ans",
)  # fmt: skip
_RANGES = (
    "13–17", "13 - 17 g/dL", "< 6,2", "> 6,2 mmol/L", "6,2 à 7,4", "6,2", "13,5 g/dL", "(13,5-17,2)", "[4,0 ; 6,0]",
    "N < 5,5", "positif si > 1,2", "négatif", "inférieur à 6,2", "de 4,1 à 5,9 mmol/L",
)  # fmt: skip
_EXACT = (
    "homme de 54 ans", "femme âgée de 37 ans", "H 54 ans", "F, 37 ans", "Patiente (32 ans)", "54 ans, homme",
    "Mme, 81 ans",
    "enfant de 7 ans", "nourrisson de 5 mois", "garçon - 13 ans", "âge : 47 ans", "jeune femme de 23 ans",
    "37yo female",
    "monsieur de 66 ans", "M. 67 ans",
)  # fmt: skip
_RESULTS = (
    "glycémie 6,2", "TSH à 0,01", "Hb = 7,8 g/dL", "CRP 88", "K+ 6,9 mmol/L", "plaquettes 12 G/L",
    "sérologie CMV positive",
    "kaliémie de 7,1 (normes 3,5 à 5)", "CA 125 : 540,5",
)  # fmt: skip


@pytest.mark.parametrize("who", _WHO)
def test_ranges_of_reference_are_nobody(who: str) -> None:
    said = [f"{who} {age}{by}{value}".strip() for age, by, value in product(_BOUNDS, (" : ", " ", ", "), _RANGES)]
    assert [text for text in said if tells_a_person(text)] == []


@pytest.mark.parametrize("age", _EXACT)
def test_one_person_is_found_before_and_after_her_result(age: str) -> None:
    said = [f"{age}{by}{result}" for by, result in product((", ", " : ", " - ", "\n", " avec "), _RESULTS)]
    said += [f"{result} chez {age}" for result in _RESULTS[:6]]
    assert [text for text in said if not tells_a_person(text)] == []


def test_she_is_found_far_in_a_long_text() -> None:
    for length in (0, 350, 399, 590, 1_000, 9_000):
        assert tells_a_person("conserver à +4 °C. " * (length // 19) + "Vu : homme de 54 ans, glycémie 6,2 mmol/L.")


def test_under_a_heading_of_reference_only_a_named_result_counts() -> None:
    assert not tells_a_person("Homme 54 ans : 13,5", is_reference=True)
    assert tells_a_person("homme de 54 ans, glycémie 6,2", is_reference=True)


def test_an_age_alone_is_no_result() -> None:
    assert aged("femme de 54 ans") is Aged.ALONE
    assert aged("femme de 18 à 54 ans") is Aged.NO
    assert aged("femme de 54 ans, TSH 12") is Aged.WITH_RESULT


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("voir homme de 54 ans, glycémie 6,2", Kind.AGE),
        ("NISS 61.05.12-123.57", Kind.ABROAD),
        ("AVS 756.9217.0769.85", Kind.ABROAD),
        ("NIR 1 85 O5 78 OO6 O84 91", Kind.NUMBER),
        ("née en mars 1961", Kind.BIRTH),
        ("DDN 120361", Kind.BIRTH),
        ("PETIT Thomas mars 1978", Kind.NAME),
    ],
)
def test_typed_texts_are_looked_at_too(text: str, kind: Kind) -> None:
    assert traces_in(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Homme > 54 ans : 13–17 g/dL, à vérifier",
        "code EAN 3400930000120 du kit",
        "méthode née en mars 2004, revue depuis",
        "validé par Sophie Garcia en mars 2025",
        "RPPS 10100012345",
    ],
)
def test_typed_texts_of_the_work_pass(text: str) -> None:
    assert traces_in(text) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("PETIT Thomas 04-03-1978", True),
        ("Thomas Petit 12-03-2026", True),
        ("Mme Petit 12 mars 2026", True),
        ("Kowalczyk Jan 04.03.78", True),
        ("Dr Martin 12-03-2026", False),
        ("Hématologie 2024", False),
        ("Validité 31-12-2026", False),
        ("Robert Debré 12-03-2026", False),
        ("Garde Anne Dupont 12-03-26", False),
    ],
)
def test_sheets_that_are_named_after_a_person(title: str, expected: bool) -> None:
    assert names_a_person_and_a_day(title) is expected


@pytest.mark.parametrize(
    "text",
    ["homme de 54 ans ", "homme de 54 ans, 6,2 à 7,4 ; ", "h 5 ", "1 ", "1l", "61.05.12-", "a" * 40 + " ", "née en 19"],
)
def test_time_is_linear_in_the_text(text: str) -> None:
    def spent(times: int) -> float:
        started = time.process_time()
        traces_in(text * times)
        return time.process_time() - started

    spent(1_000)
    small, large = min(spent(1_000) for _ in range(3)), min(spent(8_000) for _ in range(3))
    assert large < 24 * small + 0.05
