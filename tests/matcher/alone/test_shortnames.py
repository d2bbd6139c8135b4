"""A term whose method cell is empty has the method that its short name ends with, as its release teaches."""

from matcher.index import TermIndex
from matcher.shortnames import ending_of, method_of, methods_by_ending
from matcher.types import Term


def a_term(number: str, short_name: str, method: str = "", name: str = "") -> Term:
    return Term(number, "Cholesterol.in VLDL", "MCnc", "Pt", "Ser/Plas", "Qn", method, "", short_name=short_name,
                long_common_name=name or f"{number} named in full")  # fmt: skip


TAUGHT = [a_term(f"{place}-0", f"X{place} SerPl Calc-mCnc", "Calculated") for place in range(4)]


def test_the_last_word_without_the_property_is_the_ending() -> None:
    assert ending_of("LDLc SerPl Calc-mCnc") == "Calc"
    assert ending_of("T pallidum IgG Ser Ql IF") == "IF"
    assert ending_of("HBV DNA Ser NAA+probe-aCnc") == "NAA+probe"
    assert ending_of("Lonely") == ""


def test_an_ending_that_the_release_gives_one_method_names_it() -> None:
    emptied = a_term("9-0", "VLDLc SerPl Calc-mCnc")
    by_ending = methods_by_ending(TAUGHT)
    assert method_of(emptied, by_ending) == "Calculated"


def test_an_ending_that_terms_without_method_share_names_none() -> None:
    plain = [a_term(f"1{place}-0", f"Y{place} SerPl Calc-mCnc") for place in range(4)]
    assert methods_by_ending([*TAUGHT, *plain]) == {}


def test_an_own_method_stays_and_an_unknown_ending_says_nothing() -> None:
    by_ending = methods_by_ending(TAUGHT)
    assert method_of(a_term("5-0", "Z SerPl Calc-mCnc", "Electrophoresis"), by_ending) == "Electrophoresis"
    assert method_of(a_term("6-0", "Z SerPl-mCnc"), by_ending) == ""


def test_the_index_weighs_the_method_of_the_short_name_and_leaves_the_term_as_it_is() -> None:
    emptied = a_term("9-0", "VLDLc SerPl Calc-mCnc", name="VLDLc SerPl Calc-mCnc")
    index = TermIndex.build([*TAUGHT, emptied])
    position = index.number_of["9-0"]
    assert index.axis_values["method"][index.axis_codes["method"][position]] == "Calculated"
    assert index.terms[position].method_typ == ""
