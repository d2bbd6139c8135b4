"""The words and signs of relations, and the French of what is not taken up."""

import pytest

from app.files.standings import is_negation
from app.memory.reasons import Reason
from app.memory.relations import relation_of
from app.models import Relation


@pytest.mark.parametrize(
    ("written", "relation"),
    [
        ("=", Relation.EQUIVALENT), ("==", Relation.EQUIVALENT), ("'=", Relation.EQUIVALENT),
        ("≡", Relation.EQUIVALENT), ("EQ", Relation.EQUIVALENT), ("exact", Relation.EQUIVALENT),
        ("Identique", Relation.EQUIVALENT), ("égal", Relation.EQUIVALENT), ("skos:exactMatch", Relation.EQUIVALENT),
        ("<", Relation.LOINC_WIDER), (">", Relation.LOINC_NARROWER), ("≤", Relation.LOINC_WIDER),
        ("≈", Relation.RELATED), ("~", Relation.RELATED), ("approché", Relation.RELATED),
        ("≠", None), ("peut-être", None), ("", None),
    ],
)  # fmt: skip
def test_the_usual_signs_of_relations_are_read(written: str, relation: Relation | None) -> None:
    assert relation_of(written) is relation


@pytest.mark.parametrize("written", ["≠", "!=", "<>", "non équivalent"])
def test_a_sign_may_say_that_a_code_is_not_the_right_one(written: str) -> None:
    assert is_negation(written)
    assert not is_negation("=")


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_agrees_with_its_number_and_is_a_whole_phrase(reason: Reason) -> None:
    one, several = reason.told(1).split(), reason.told(4).split()
    assert (one[:2], several[:2]) == (["1", "ligne"], ["4", "lignes"])
    assert [word for word in one if word.endswith(("ées", "ites"))] == []
    assert several[2] != "code", "« 4 lignes code LOINC mal formé » is no French"
