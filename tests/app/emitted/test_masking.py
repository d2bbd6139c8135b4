"""Which codes that are not in the catalogue leave."""

import pytest

from app.emitted.counting import count
from app.emitted.masking import folded_words, has_shape_of_code
from app.emitted.observed import MASKED, ObservedReport, ObservedResult
from tests.app.emitted.makers import INDEX, report, result


def locals_of(*reports: ObservedReport) -> set[str]:
    """The local codes that leave."""
    return {seen.local for seen in count(reports, INDEX).seen}


@pytest.mark.parametrize("code", ["TSH", "GLU-S", "K+", "CA19-9", "0126", "123456", "a.b_c/d*e#f:g", "X" * 20])
def test_codes_have_the_shape_of_one(code: str) -> None:
    assert has_shape_of_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "X" * 21, "deux mots", "é", "", "-A", "A\n", "1800275123456", "180027512345622", "1 80 02 75 123 456",
        "0612345678", "19800214", "14021980", "140280", "14/02/1980", "1980-02-14", "02/1980", "MARTIN", "Durand-3",
        "DUPONT.Jean", "jean@exemple.fr", "①②③",
    ],
)  # fmt: skip
def test_dates_numbers_of_persons_and_names_have_not(code: str) -> None:
    assert not has_shape_of_code(code)


def test_a_code_leaves_when_two_reports_about_different_persons_carry_it() -> None:
    ones = report(result("TSH"), persons="zyx wvu")
    others = report(result("TSH"), persons="tsr qpo")
    assert locals_of(ones) == {MASKED}
    assert locals_of(ones, ones) == {MASKED}
    assert locals_of(ones, report(result("TSH"), persons="zyx wvu docteur")) == {MASKED}
    assert locals_of(ones, others) == {"TSH"}
    assert locals_of(report(result("TSH")), report(result("TSH"))) == {"TSH"}


def test_who_is_first_does_not_matter() -> None:
    both = report(result("TSH"), persons="zyx wvu")
    one, other = report(result("TSH"), persons="zyx"), report(result("TSH"), persons="wvu")
    assert locals_of(both, one, other) == locals_of(one, other, both) == {"TSH"}


@pytest.mark.parametrize(
    ("code", "persons"),
    [
        ("ZORGLUB", "zorglub"),
        ("ZORGLUB", "Zorglub"),
        ("X-ZORGLUB", "zorglub"),
        ("ZORGLUB7", "zorglub"),
        ("ZORG", "zorglub"),
        ("ZÖRGLUB", "zorglub"),
        ("ZORG-LUB", "zorg-lub"),
        ("77341", "77341"),
        ("P77341X", "77341"),
    ],
)
def test_a_code_never_leaves_that_is_holds_or_is_part_of_a_word_of_its_persons(code: str, persons: str) -> None:
    reports = [report(ObservedResult((), (code,)), persons=f"{persons} other{place}") for place in range(4)]
    assert locals_of(*reports) == {MASKED}


def test_a_name_of_anybody_never_leaves_even_in_reports_of_others() -> None:
    others = [report(result("ZORGLUB"), persons=f"person{place}") for place in range(4)]
    assert locals_of(*others) == {"ZORGLUB"}
    assert locals_of(*others, report(result("NA"), persons="zorglub")) == {MASKED, "NA"}


def test_the_names_of_a_replaced_document_still_count() -> None:
    others = [report(result("ZORGLUB"), persons=f"person{place}") for place in range(4)]
    old = report(result("GLU"), keys="1", persons="zorglub")
    assert MASKED in locals_of(*others, old, report(result("NA"), keys="2", replaces="1"))


def test_a_chance_likeness_in_one_report_does_not_hide_a_code_of_many() -> None:
    reports = [report(result("KLUC"), persons=words) for words in ("luc abc", "def ghi", "jkl mno")]
    assert locals_of(*reports) == {"KLUC"}
    assert locals_of(*reports[:2]) == {MASKED}


def test_short_initials_do_not_hide_codes_everywhere() -> None:
    reports = [report(result("K"), persons=words) for words in ("abc def", "ghi jkl")]
    assert locals_of(*reports, report(result("NA"), persons="k durand 12")) == {"K", "NA"}


def test_a_code_of_the_catalogue_leaves_always() -> None:
    assert locals_of(report(result("NA"), persons="na")) == {"NA"}


def test_the_first_code_with_the_shape_of_one_stands_for_an_unknown_result() -> None:
    two = ObservedResult((), ("Un texte libre", "TSH"))
    assert locals_of(report(two, persons="zyx"), report(two, persons="wvu")) == {"TSH"}


def test_words_are_folded_each_and_in_one_piece() -> None:
    assert folded_words(["Élodie Le-Goff", ""]) == {"elodie", "le", "goff", "elodielegoff"}
