"""Groups of rows that say the same on every axis: one answer, exceptions left, nobody overwritten."""

from collections.abc import Sequence

import pytest
from sqlmodel import col, select

from app.batches import carrying
from app.models import (
    Action,
    Batch,
    BatchRow,
    ExamAnalysis,
    LocalTest,
    LoincTerm,
    Proposal,
    Status,
    WorklistEntry,
)
from app.platform.database import reading, transaction
from app.review.marks import mark_row
from tests.app.batches.sample import add_rows, statuses
from tests.app.review.conftest import Desk
from tests.app.review.sample import evidence
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor


def test_a_group_is_every_axis_and_the_unit_never_the_label_alone(desk: Desk) -> None:
    same = add_rows(desk, 3, label="Créatinine")
    other_unit = add_rows(desk, 1, label="Créatinine", unit="g/L", code="T")
    with reading(desk.engine) as session:
        keys = dict(session.exec(select(WorklistEntry.local_test_id, WorklistEntry.group_key)).all())
    assert len({keys[row] for row in same}) == 1
    assert keys[other_unit[0]] != keys[same[0]]
    assert all(keys.values())


Texts = dict[str, str]
IGG: Texts = {"label": "IgG", "specimen": "Sérum", "unit": "UI/mL"}
BARE: Texts = {"label": "GLUCOSE", "specimen": "Plasma"}


def keys_of(desk: Desk, texts: Sequence[Texts], best: Sequence[str]) -> list[str]:
    """The groups of rows with these texts, each with its first proposal where it has one."""
    with transaction(desk.engine) as session:
        rows = [
            LocalTest(catalogue_id=desk.catalogue_id, code=f"K{number}", position=200 + number,
                      **{"level": "analysis", **text})
            for number, text in enumerate(texts)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        ids = [row.id or 0 for row in rows]
        session.add_all(
            Proposal(
                run_id=desk.run.id or 0, local_test_id=row_id, rank=1, loinc_num=number, confidence=0.9,
                band="to_check", has_contradiction=False, evidence=evidence(False), unread="",
            )
            for row_id, number in zip(ids, best, strict=True) if number
        )  # fmt: skip
    with reading(desk.engine) as session:
        keys = dict(session.exec(select(WorklistEntry.local_test_id, WorklistEntry.group_key)).all())
    return [keys[row_id] for row_id in ids]


@pytest.mark.parametrize(
    ("texts", "best"),
    [
        # « IgG » is about what its exam names, whether or not the engine knew the exam.
        ([{**IGG, "exam": "Sérologie toxoplasmose"}, {**IGG, "exam": "Sérologie CMV"}], ["2951-2", "2951-2"]),
        # The exams that the engine read otherwise, from links that the row itself does not hold.
        ([IGG, IGG], ["2951-2", "2947-0"]),
        # Without a unit, reference values say which it is: 0,7 – 1,1 g/L and 3,9 – 6,1 mmol/L.
        ([{**BARE, "reference_range": "0,7 - 1,1"}, {**BARE, "reference_range": "3,9 - 6,1"}], ["2951-2", "2951-2"]),
        # Without a specimen, the chapter says of what.
        (
            [{"label": "SODIUM", "unit": "mmol/L", "chapter": chapter} for chapter in ("Sang", "Urines")],
            ["2951-2", "2951-2"],
        ),
        # What the engine understood nothing of, its surroundings may tell to a person.
        ([{"label": "XYZ", "specimen": "Sérum", "exam": exam} for exam in ("Allergie", "Toxiques")], ["", ""]),
        ([{**BARE, "results": "positif|négatif"}, {**BARE, "results": "titre"}], ["2951-2", "2951-2"]),
    ],
)
def test_rows_that_their_surroundings_tell_apart_are_no_group(
    desk: Desk, texts: Sequence[Texts], best: Sequence[str]
) -> None:
    first, second = keys_of(desk, texts, best)
    assert first != second


def test_surroundings_that_say_nothing_of_a_test_keep_its_rows_together(desk: Desk) -> None:
    row = {"label": "SODIUM", "specimen": "Sérum", "unit": "mmol/L"}
    others = [
        {**row, "exam": "Ionogramme", "chapter": "Biochimie", "reference_range": "136 - 145"},
        {**row, "exam": "Bilan rénal", "chapter": "Urgences", "reference_range": "135 - 146"},
    ]
    assert len(set(keys_of(desk, others, ["2951-2", "2951-2"]))) == 1


def test_exams_of_one_name_that_hold_other_analyses_are_no_group(desk: Desk) -> None:
    ids = add_rows(desk, 2)
    with transaction(desk.engine) as session:
        exams = [
            LocalTest(catalogue_id=desk.catalogue_id, code=f"E{number}", label="BILAN", level="exam", position=300)
            for number in range(3)
        ]
        session.add_all(exams)
        session.flush()
        session.add_all(
            ExamAnalysis(exam_id=exam.id or 0, analysis_id=row_id, analysis_code="S")
            for exam, row_id in zip(exams, (ids[0], ids[0], ids[1]), strict=True)
        )
        exam_ids = [exam.id or 0 for exam in exams]
    with reading(desk.engine) as session:
        keys = dict(session.exec(select(WorklistEntry.local_test_id, WorklistEntry.group_key)).all())
    first, same, other = (keys[row_id] for row_id in exam_ids)
    assert first == same
    assert first != other


def test_a_group_of_forty_with_two_exceptions(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 40, label="SODIUM")
    client = client_for(TRANSCODER)
    case = client.get(f"{desk.base}/revue/{ids[0]}").text
    assert "40 lignes identiques" in case
    page = client.get(f"{desk.base}/revue/{ids[0]}/groupe").text
    assert page.count("data-tick checked") == 40
    ticked = [f"{row}:0" for row in ids if row not in (ids[7], ids[30])]
    answer = client.post(
        f"{desk.base}/revue/{ids[0]}/groupe", data={"lignes": ticked, "action": "choose", "loinc_num": "2951-2"}
    )
    assert answer.status_code == 303
    assert "<strong>38</strong> lignes enregistrées" in client.get(answer.headers["location"]).text
    left = [row for row, state in zip(ids, statuses(desk, ids), strict=True) if state == Status.TODO]
    assert left == [ids[7], ids[30]]


def test_a_contradicted_code_is_never_given_to_a_group(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 3, contradicted=(0, 1, 2), label="SODIUM")
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{ids[0]}/groupe").text
    assert 'value="2951-2" data-digit="1"' in page
    assert 'value="2951-2" data-digit="1" checked' not in page
    data = {"lignes": [f"{row}:0" for row in ids], "action": "choose", "loinc_num": "2951-2"}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    assert "<strong>0</strong> ligne enregistrée" in client_for(TRANSCODER).get(answer.headers["location"]).text
    assert statuses(desk, ids) == [Status.TODO] * 3


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"action": "choose"}, "Choisissez un code."),
        ({"action": "no_loinc"}, "Indiquez le motif."),
        ({"action": "doubt"}, "Écrivez la question"),
        ({"action": "choose", "loinc_num": "2951-2", "relation": "loinc_narrower"}, "demande un commentaire"),
        ({"action": "approve"}, "n&#39;est pas une décision"),
    ],
)
def test_what_a_group_lacks_is_said_and_nothing_typed_is_lost(
    desk: Desk, client_for: ClientFor, data: dict[str, str], problem: str
) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    sent = {**data, "lignes": [f"{ids[0]}:0"]}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=sent)
    assert answer.status_code in (409, 422)
    assert problem in answer.text
    assert answer.text.count("data-tick checked") == 1
    assert statuses(desk, ids) == [Status.TODO] * 2


def test_a_colleague_s_question_or_flag_is_not_overwritten_by_a_group(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 4, label="SODIUM")
    desk.decide(ids[1], Action.DOUBT, email=BIOLOGIST)
    desk.decide(ids[2], Action.DOUBT)
    with transaction(desk.engine) as session:
        mark_row(session, desk.access(BIOLOGIST), ids[3], 0, Action.FLAG, "attention")
    client = client_for(TRANSCODER)
    page = client.get(f"{desk.base}/revue/{ids[0]}/groupe").text
    assert "Question ouverte de Béatrice Biologiste" in page
    assert "Marquée d&#39;un repère par Béatrice Biologiste" in page
    assert page.count("data-tick checked") == 1
    assert page.count('name="lignes"') == 2, "one's own question may be answered"
    lines = [f"{ids[0]}:0", *(f"{row}:1" for row in ids[1:])]
    answer = client.post(
        f"{desk.base}/revue/{ids[0]}/groupe", data={"lignes": lines, "action": "choose", "loinc_num": "2951-2"}
    )
    page = client.get(answer.headers["location"]).text
    assert "Question ouverte de Béatrice Biologiste : répondez-y sur la ligne." in page
    assert "Marquée d&#39;un repère par Béatrice Biologiste : décidez sur la ligne." in page
    assert statuses(desk, ids) == [Status.DECIDED, Status.DOUBT, Status.DECIDED, Status.TODO]


def test_the_rows_of_a_group_sort_and_are_taken_away(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{ids[0]}/groupe").text
    assert '<table class="table" x-data="dataTable" data-sortable data-export="groupe">' in page


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("abc", "n&#39;est pas un code LOINC"),
        ("2951-3", "n&#39;est pas un code LOINC"),
        ("19146-0", "code d&#39;attente"),
        ("718-7", "absent de la version utilisée"),
        ("1988-5", "retiré de LOINC"),
    ],
)
def test_a_code_that_no_row_can_have_makes_no_batch(
    desk: Desk, client_for: ClientFor, code: str, said: str
) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    with transaction(desk.engine) as session:
        term = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "1988-5")).one()
        term.status = "DEPRECATED"
    data = {"lignes": [f"{row}:0" for row in ids], "action": "choose", "autre_code": code}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    with reading(desk.engine) as session:
        assert session.exec(select(Batch)).all() == []


def test_a_confidence_is_that_of_its_own_code(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 3, label="SODIUM")
    with transaction(desk.engine) as session:
        session.add(
            Proposal(
                run_id=desk.run.id or 0, local_test_id=ids[0], rank=2, loinc_num="2947-0", confidence=0.123,
                band="uncertain", has_contradiction=True, evidence=evidence(True),
            )
        )  # fmt: skip
    client = client_for(TRANSCODER)
    data = {"lignes": [f"{row}:0" for row in ids], "action": "choose", "autre_code": "2947-0"}
    page = client.get(client.post(f"{desk.base}/revue/{ids[0]}/groupe", data=data).headers["location"]).text
    assert "99,5" not in page
    assert page.count("12,3") == 1
    with reading(desk.engine) as session:
        rows = session.exec(select(BatchRow).order_by(col(BatchRow.id))).all()
    assert [row.confidence for row in rows] == [pytest.approx(0.123), None, None]
    assert [row.proposal_id is not None for row in rows] == [True, False, False]
    nothing = {"lignes": [f"{ids[2]}:1"], "action": "no_loinc", "reason": "aucun"}
    page = client.get(client.post(f"{desk.base}/revue/{ids[0]}/groupe", data=nothing).headers["location"]).text
    assert "99,5" not in page


def test_a_row_of_another_group_cannot_be_slipped_in(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    data = {"action": "no_loinc", "reason": "essai", "lignes": [f"{ids[0]}:0", f"{desk.glucose}:0"]}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    assert answer.status_code == 422
    assert statuses(desk, [*ids, desk.glucose]) == [Status.TODO] * 3


@pytest.mark.parametrize("lines", [["x"], ["1:"], ["99999999999999999999:1"], ["1:99999999999999999999"], []])
def test_no_list_of_rows_is_an_error_of_the_server(desk: Desk, client_for: ClientFor, lines: list[str]) -> None:
    ids = add_rows(desk, 2, label="SODIUM")
    data = {"action": "no_loinc", "reason": "essai", "lignes": lines}
    assert client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data).status_code in (409, 422)


def test_two_people_on_the_rows_of_one_group(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 3, label="SODIUM")
    desk.decide(ids[1], Action.NO_LOINC, email=BIOLOGIST)
    data = {"action": "choose", "loinc_num": "2951-2", "lignes": [f"{row}:0" for row in ids]}
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{ids[0]}/groupe", data=data)
    page = client_for(TRANSCODER).get(answer.headers["location"]).text
    assert carrying.ACTED_SINCE.replace("'", "&#39;") in page
    assert desk.state(ids[1]).outcome == "no_loinc"
