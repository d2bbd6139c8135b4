"""Batches end to end: a filter, a group, their answers row by row, and taking them back."""

import csv
import io
import re
from collections.abc import Sequence

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, func, select

from app.approval.service import approve
from app.batches import carrying
from app.jobs.runner import run_job
from app.models import (
    Action,
    Batch,
    BatchAnswer,
    BatchRow,
    Decision,
    ExamAnalysis,
    Job,
    JobStatus,
    LocalTest,
    Proposal,
    ReviewState,
    Status,
    WorklistEntry,
)
from app.platform.database import reading, transaction
from app.transcoding import repository
from tests.app.review.conftest import Desk
from tests.app.review.sample import evidence
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor


def add_rows(
    desk: Desk, count: int, contradicted: Sequence[int] = (), label: str = "", unit: str = "mmol/L", code: str = "S"
) -> list[int]:
    """Rows with a sure proposal each; the same label makes one group of them."""
    with transaction(desk.engine) as session:
        rows = [
            LocalTest(
                catalogue_id=desk.catalogue_id, level="analysis", code=f"{code}{number:04d}",
                label=label or f"SODIUM {number}", specimen="Sérum", unit=unit, chapter="Lot", position=100 + number,
            )
            for number in range(count)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        ids = [row.id or 0 for row in rows]
        session.add_all(
            Proposal(
                run_id=desk.run.id or 0, local_test_id=row_id, rank=1, loinc_num="2951-2", confidence=0.995,
                band="sure", has_contradiction=number in contradicted, evidence=evidence(number in contradicted),
            )
            for number, row_id in enumerate(ids)
        )  # fmt: skip
    return ids


def statuses(desk: Desk, ids: Sequence[int]) -> list[str]:
    with reading(desk.engine) as session:
        found = dict(
            session.exec(
                select(ReviewState.local_test_id, ReviewState.status).where(col(ReviewState.local_test_id).in_(ids))
            ).all()
        )
    return [found.get(row_id, Status.TODO) for row_id in ids]


def post_batch(client: TestClient, desk: Desk, filters: str = "chapitre=Lot") -> str:
    answer = client.post(f"{desk.base}/lots?{filters}")
    assert answer.status_code == 303, answer.text[:2000]
    return answer.headers["location"]


def test_a_thousand_rows_with_three_contradictions_answer_997_and_3(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 1000, contradicted=(5, 500, 999))
    client = client_for(TRANSCODER)
    gate = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot").text
    assert "<strong>997</strong> lignes passent, 3 restent à une personne" in gate
    assert "La ligne contredit le code proposé." in gate
    assert "Accepter 997 lignes" in gate
    address = post_batch(client, desk)
    page = client.get(address).text
    assert "<strong>997</strong> lignes enregistrées" in page
    assert "<strong>3</strong> laissées sur 1\u202f000" in page
    rows = list(csv.reader(io.StringIO(client.get(f"{address}?format=csv").text.lstrip("\ufeff")), delimiter=";"))
    results = [row[9] for row in rows[1:]]
    assert (results.count("Enregistrée"), results.count("Laissée"), len(results)) == (997, 3, 1000)
    assert {row[3] for row in rows[1:] if row[9] == "Laissée"} == {"S0005", "S0500", "S0999"}
    done = statuses(desk, ids)
    assert (done.count(Status.DECIDED), done.count(Status.TODO)) == (997, 3)
    # One key takes it all back, whatever server answers: nothing of it was kept in memory.
    undone = client_for(TRANSCODER).post(f"{desk.base}/revue/annuler", data={})
    assert undone.status_code == 303
    back = client.get(undone.headers["location"]).text
    assert "<strong>997</strong> lignes enregistrées" in back
    assert set(statuses(desk, ids)) == {Status.TODO}
    with reading(desk.engine) as session:
        assert session.exec(select(func.count()).select_from(Decision)).one() == 2 * 997, "nothing was rewritten"


def test_the_history_and_the_trail_say_that_nobody_looked_at_the_row(desk: Desk, client_for: ClientFor) -> None:
    (first, *_) = add_rows(desk, 3)
    post_batch(client_for(TRANSCODER), desk)
    (fact,) = desk.facts(first)
    assert re.fullmatch(r"Accepté en lot n° \d+ : Chapitre : Lot", fact.reason)
    assert "Accepté en lot n°" in client_for(READER).get(f"{desk.base}/revue/{first}").text
    assert [event for event in desk.audit() if event.startswith("batch")] == ["batch.asked", "batch.done"]
    assert "en lot" in client_for(BIOLOGIST).get(f"{desk.base}/approbation").text


def test_filtered_rows_this_page_and_ticked_rows_are_three_things(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 60)
    client = client_for(TRANSCODER)
    page = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&taille=50&perimetre=page").text
    assert "Accepter 50 lignes" in page
    assert re.search(r"Toutes les lignes filtrées <span class=\"num\">60</span>", page)
    ticked = client.get(f"{desk.base}/lots/nouveau?chapitre=Lot&ligne={ids[3]}&ligne={ids[4]}").text
    assert "Accepter 2 lignes" in ticked
    answer = client.post(f"{desk.base}/lots?chapitre=Lot&perimetre=cochees", data={"ligne": [ids[3], ids[4]]})
    assert answer.status_code == 303
    assert [row for row, state in zip(ids, statuses(desk, ids), strict=True) if state != Status.TODO] == ids[3:5]


def test_what_is_not_sure_is_let_through_only_when_asked_for(desk: Desk, client_for: ClientFor) -> None:
    client = client_for(TRANSCODER)
    assert client.post(f"{desk.base}/lots?q=GLYC").status_code == 409
    answer = client.post(f"{desk.base}/lots?q=GLYC&confiance_min=a-verifier")
    assert answer.status_code == 303
    assert statuses(desk, [desk.glucose]) == [Status.DECIDED]


def test_a_row_on_which_somebody_acted_meanwhile_keeps_what_was_done(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 4)
    rows = carrying.repository.unanswered

    def overtaken_before_writing(session: object, batch_id: int, row_ids: object = None) -> object:
        if not desk.facts(ids[1]):
            desk.decide(ids[1], Action.NO_LOINC, email=BIOLOGIST)
        return rows(session, batch_id, row_ids)  # type: ignore[arg-type]

    # In the planning of the job: after the batch was asked for, before any of its rows is written.
    monkeypatch.setattr(carrying.repository, "unanswered", overtaken_before_writing)
    page = client_for(TRANSCODER).get(post_batch(client_for(TRANSCODER), desk)).text
    assert carrying.ACTED_SINCE.replace("'", "&#39;") in page
    assert desk.state(ids[1]).outcome == "no_loinc"
    assert statuses(desk, [ids[0], ids[2], ids[3]]) == [Status.DECIDED] * 3


def test_a_killed_batch_goes_on_where_it_was(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = add_rows(desk, 120)
    done = carrying.answer_rows
    calls = 0

    def killed(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise MemoryError("killed")
        done(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(carrying, "answer_rows", killed)
    address = post_batch(client_for(TRANSCODER), desk)
    first = statuses(desk, ids).count(Status.DECIDED)
    assert 0 < first < 120
    with transaction(desk.engine) as session:
        job = session.exec(select(Job).where(Job.kind == carrying.JOB_KIND)).one()
        job.status, job.not_before = JobStatus.WAITING, None
        job_id = job.id or 0
    run_job(desk.engine, desk.settings, job_id)
    assert statuses(desk, ids).count(Status.DECIDED) == 120
    assert "<strong>120</strong> lignes enregistrées" in client_for(TRANSCODER).get(address).text
    with reading(desk.engine) as session:
        assert session.exec(select(func.count()).select_from(Decision)).one() == 120, "no row was decided twice"


def test_rows_approved_since_are_named_and_left(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 3)
    address = post_batch(client_for(TRANSCODER), desk)
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), ids[0], 1, settings=desk.settings)
    back = client_for(TRANSCODER).post(f"{address}/reprise")
    page = client_for(TRANSCODER).get(back.headers["location"]).text
    assert "Béatrice Biologiste l&#39;a approuvée" in page
    assert statuses(desk, ids) == [Status.APPROVED, Status.TODO, Status.TODO]
    assert client_for(TRANSCODER).post(f"{address}/reprise").status_code == 409, "once is enough"


def test_only_its_author_takes_a_batch_back(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    address = post_batch(client_for(TRANSCODER), desk)
    assert client_for(BIOLOGIST).post(f"{address}/reprise").status_code == 409
    assert client_for(READER).post(f"{address}/reprise").status_code == 403
    assert client_for(OUTSIDER).post(f"{address}/reprise").status_code == 404
    assert client_for(OUTSIDER).get(address).status_code == 404
    assert statuses(desk, ids) == [Status.DECIDED] * 2


def test_a_comment_made_since_does_not_stand_in_the_way(desk: Desk, client_for: ClientFor) -> None:
    ids = add_rows(desk, 2)
    address = post_batch(client_for(TRANSCODER), desk)
    desk.decide(ids[0], Action.COMMENT, comment="vu", version=1)
    client_for(TRANSCODER).post(f"{address}/reprise")
    assert statuses(desk, ids) == [Status.TODO] * 2


# ---- groups -----------------------------------------------------------------------------------------------


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
                band="to_check", has_contradiction=False, evidence=evidence(False),
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


@pytest.mark.parametrize(
    "path",
    ["lots/nouveau?confiance_min=tout", "lots/nouveau?perimetre=x", "lots/nouveau?ligne=x", "lots?avant=-1",
     "lots/nouveau?chapitre=Rien&etat=zzz"],
)  # fmt: skip
def test_odd_addresses_are_refused_in_french(desk: Desk, client_for: ClientFor, path: str) -> None:
    assert client_for(TRANSCODER).get(f"{desk.base}/{path}").status_code in (400, 422)


def test_everybody_sees_the_batches_and_a_reader_asks_for_none(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 2)
    post_batch(client_for(TRANSCODER), desk)
    page = client_for(READER).get(f"{desk.base}/lots").text
    assert "Chapitre : Lot" in page
    assert "Tania Transcodeuse" in page
    assert client_for(READER).get(f"{desk.base}/lots/nouveau").status_code == 403
    assert client_for(READER).post(f"{desk.base}/lots").status_code == 403
    assert client_for(OUTSIDER).get(f"{desk.base}/lots").status_code == 404


def test_each_row_has_one_answer_and_each_fact_its_batch(desk: Desk, client_for: ClientFor) -> None:
    add_rows(desk, 7, contradicted=(2,))
    post_batch(client_for(TRANSCODER), desk)
    with reading(desk.engine) as session:
        batch = session.exec(select(Batch)).one()
        rows = session.exec(select(func.count()).select_from(BatchRow)).one()
        answers = session.exec(select(BatchAnswer)).all()
        facts = [answer.decision_id for answer in answers if answer.decision_id]
        known = repository.batches_of(session, facts)
    assert rows == len(answers) == 7
    assert set(known.values()) == {batch.public_id}
    assert len(known) == 6
