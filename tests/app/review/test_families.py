"""Siblings in the case: side by side, their difference named, nothing hidden and no key changed."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import select

from app.cases.choice_words import decided_by, in_french, written_techniques
from app.cases.families import side_by_side
from app.cases.method_glosses import METHOD_GLOSS, in_words
from app.cases.view import CandidateColumn
from app.models import LocalTest, LoincTerm, Proposal
from app.platform.database import transaction
from app.terminology.naming import name_of
from app.transcoding.evidence import EvidenceLine
from loinc_data.tables import load_starter_terms
from matcher.evidence import choice
from matcher.evidence.base import sentence_of
from matcher.types import Axis, Verdict
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


def test_every_technique_of_the_starter_has_a_french_name_of_its_own() -> None:
    methods = {term.method_typ for term in load_starter_terms()} - {""}
    assert sorted(methods - METHOD_GLOSS.keys()) == []
    names = list(METHOD_GLOSS.values())
    assert sorted({name for name in names if names.count(name) > 1}) == [], "two techniques would look the same"
    assert in_words("Automated count") == "technique « comptage automatisé » (Automated count)"
    assert in_words("Crystal ball") == "technique « Crystal ball »"


def said(rule: Callable[[str, str], None], local: str, of_term: str) -> list[EvidenceLine]:
    return [
        EvidenceLine(Axis.COMPONENT, Verdict.AGREE, "Même substance."),
        EvidenceLine(Axis.METHOD, Verdict.AGREE, sentence_of(rule, local, of_term)),
    ]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (said(choice.national_choice, "", "arrêté de 2026"), "Choix national"),
        (said(choice.laboratory_rule, "avec", "hématologie"), "Règle du laboratoire"),
        (said(choice.among_national_set, "", ""), "Circuit de la biologie"),
        (said(choice.as_decided, "« TSH : ultra », « T4 »", "IA"), "Comme vos décisions sur « TSH : ultra », « T4 »"),
        (said(choice.stands_back, "", ""), ""),
        ([], ""),
    ],
)
def test_what_decided_is_said_in_a_few_words(lines: list[EvidenceLine], words: str) -> None:
    assert decided_by(lines) == words


def test_the_technique_of_a_sentence_is_said_in_french() -> None:
    [_, line] = said(choice.as_decided, "« VS »", "Automated count")
    assert in_french(line.sentence, "Automated count") == (
        "Comme vos décisions sur « VS » : comptage automatisé (Automated count)."
    )
    assert in_french("Méthode : Automated count.", "Automated count") == "Méthode : Automated count."


def test_the_only_sibling_that_has_the_written_technique_says_so() -> None:
    terms = {found.loinc_num: found for found in (term("A", "Automated count"), term("B"), term("C", "Manual count"))}
    agrees = [EvidenceLine(Axis.METHOD, Verdict.AGREE, "Même technique.", "automate")]
    against = [EvidenceLine(Axis.METHOD, Verdict.CONTRADICT, "Autre technique.", "automate")]
    assert written_techniques(terms, {"A": agrees, "B": [], "C": against}) == {"A"}
    assert written_techniques(terms, {"A": agrees, "B": [], "C": agrees}) == set(), "the technique settles nothing"
    assert written_techniques({"A": terms["A"]}, {"A": agrees}) == set(), "there is nothing to choose among"


def test_a_cell_of_thousands_of_letters_is_bounded_and_says_so(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        row = session.get_one(LocalTest, desk.sodium)
        row.reference_range, row.results, row.exam = "7" * 5000, "8" * 5000, "9" * 300
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert "7" * 300 in page
    assert "7" * 301 not in page
    assert "8" * 300 in page
    assert "8" * 301 not in page
    assert "9" * 300 in page
    assert page.count("300 premiers caractères sur 5") == 2
    assert page.count("la suite est dans le fichier reçu") == 2
