"""The index: the words and counts of a few terms."""

from matcher import Engine, LocalTest, Term
from matcher.index import TermIndex


def test_an_empty_terminology_answers_nothing(small_engine: Engine) -> None:
    from matcher import Tables

    engine = Engine(TermIndex.build([]), Tables())
    assert engine.propose(LocalTest(label="Glycémie", unit="g/L")) == []


def test_terms_of_an_analyte(small_index: TermIndex) -> None:
    code = small_index.analyte_codes["glucose"]
    numbers = {small_index.terms[int(position)].loinc_num for position in small_index.terms_of(code)}
    assert numbers == {"14749-6", "2345-7", "15076-3", "5792-7"}


def test_properties_are_counted_by_the_dimension_of_example_units(small_index: TermIndex) -> None:
    shares = small_index.property_by_dimension
    assert shares["subst_conc"] == {"SCnc": 1.0}
    assert shares["mass_conc"] == {"MCnc": 1.0}
    assert all(abs(sum(share.values()) - 1) < 1e-9 for share in shares.values())


def test_the_methodless_sibling_is_preferred() -> None:
    plain = Term("26464-8", "Leukocytes", "NCnc", "Pt", "Bld", "Qn")
    automated = Term("6690-2", "Leukocytes", "NCnc", "Pt", "Bld", "Qn", "Automated count", usage=1)
    prior = TermIndex.build([automated, plain]).prior
    assert prior[1] > prior[0]
