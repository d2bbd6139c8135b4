"""Siblings in the case: side by side, their difference named, nothing hidden and no key changed."""

import re

import pytest
from sqlmodel import select

from app.cases.families import side_by_side
from app.cases.view import CandidateColumn
from app.models import LoincTerm, Proposal
from app.platform.database import transaction
from app.terminology.naming import name_of
from tests.app.review.conftest import Desk
from tests.app.review.sample import evidence
from tests.conftest import TRANSCODER, ClientFor


def term(number: str, method: str = "", **other: str) -> LoincTerm:
    axes = {"component": "Erythrocytes", "property": "NCnc", "time_aspct": "Pt", "system": "Bld", "scale_typ": "Qn"}
    return LoincTerm(
        release_id=1, loinc_num=number, method_typ=method, long_common_name=other.pop("name", ""), **(axes | other)
    )


def column(found: LoincTerm, digit: int) -> CandidateColumn:
    return CandidateColumn(
        loinc_num=found.loinc_num, rank=digit, digit=digit, name=name_of(found), band=None, confidence=1 / digit,
        cells=[], reasons=[], reservations=[], parts=[], checks=[], is_selected=digit == 1, is_decided=False,
    )  # fmt: skip


def shown(*terms: LoincTerm) -> tuple[list[tuple[str, int]], list[tuple[int, str]]]:
    """(code, digit) of each column, and (columns, difference) of each group, as they are shown."""
    columns, heads = side_by_side(
        [column(found, digit) for digit, found in enumerate(terms, start=1)],
        {found.loinc_num: found for found in terms},
    )
    return [(item.loinc_num, item.digit) for item in columns], [(head.span, head.difference) for head in heads]


def test_siblings_stand_where_the_first_of_them_stood_with_their_own_digits() -> None:
    columns, heads = shown(
        term("789-8", "Automated count"), term("718-7", component="Hemoglobin", property="MCnc"), term("26453-1"),
    )  # fmt: skip
    assert columns == [("789-8", 1), ("26453-1", 3), ("718-7", 2)]
    assert heads == [
        (2, "Même analyse, seule la technique diffère : comptage automatisé / sans technique."), (1, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (term("B", "Manual count"), "seule la technique diffère : sans technique / comptage manuel."),
        (term("B", "Une technique rare"), "seule la technique diffère : sans technique / Une technique rare."),
    ],
)
def test_the_difference_is_named(other: LoincTerm, difference: str) -> None:
    assert shown(term("A"), other)[1] == [(2, f"Même analyse, {difference}")]


def test_a_specimen_that_is_more_precise_is_named_too() -> None:
    wide, narrow = term("A", system="Ser/Plas"), term("B", system="Ser")
    assert shown(wide, narrow)[1] == [(2, "Même analyse, seul le milieu diffère : sérum ou plasma / sérum.")]
    both = term("C", "IA", system="Ser")
    assert shown(wide, both)[1] == [
        (
            2,
            "Même analyse, à la précision près : la technique (sans technique / immunodosage) ; "
            "le milieu (sérum ou plasma / sérum).",
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        term("B", property="NFr"), term("B", time_aspct="24H"), term("B", system="Urine"), term("B", scale_typ="Ord"),
        term("B", component="Erythrocytes.nucleated"), term("B", component="Erythrocytes^post CFst"),
        term("B", component="Erythrocytes/100 leukocytes"),
    ],
)  # fmt: skip
def test_what_differs_otherwise_is_no_sibling(other: LoincTerm) -> None:
    columns, heads = shown(term("A"), term("Z", component="Hemoglobin"), other)
    assert [code for code, _digit in columns] == ["A", "Z", "B"]
    assert heads == [(1, ""), (1, ""), (1, "")]


def test_a_code_that_the_release_does_not_hold_stands_alone() -> None:
    first, lost = term("A"), term("B")
    columns, heads = side_by_side([column(first, 1), column(lost, 2)], {"A": first})
    assert [item.loinc_num for item in columns] == ["A", "B"]
    assert [head.span for head in heads] == [1, 1]


def test_the_page_shows_the_group_and_keeps_digits_confidence_and_contradictions(
    desk: Desk, client_for: ClientFor
) -> None:
    with transaction(desk.engine) as session:
        session.add_all(
            Proposal(run_id=desk.run.id or 0, local_test_id=desk.unproposed, rank=rank, loinc_num=code,
                     confidence=confidence, band="to_check", evidence=evidence(code == "30522-7"),
                     has_contradiction=code == "30522-7")
            for rank, code, confidence in ((1, "1988-5", 0.6), (2, "2951-2", 0.2), (3, "30522-7", 0.1))
        )  # fmt: skip
        assert session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "30522-7")).one()
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.unproposed}").text
    head = page[page.index("<thead>") : page.index("</thead>")]
    assert "Même analyse, seule la technique diffère : sans technique / méthode de haute sensibilité." in head
    radios = re.findall(r'value="([\d-]+)" form="form-choix" data-col="(\d)" data-digit="(\d)"', head)
    assert radios == [("1988-5", "1", "1"), ("30522-7", "2", "3"), ("2951-2", "3", "2")]
    assert re.findall(r"Proposition n° (\d), ([\d,]+)", head) == [("1", "60,0"), ("3", "10,0"), ("2", "20,0")]
    body = page[page.index("</thead>") :]
    assert re.findall(r'class="cell verdict-contradict" data-c="(\d)"', body) == ["2"]


def test_without_siblings_the_table_is_as_it_was(desk: Desk, client_for: ClientFor) -> None:
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.glucose}").text
    assert "Même analyse" not in page
    assert 'class="families"' not in page
