"""Nothing that the application answers tells a possible second reader what was decided.

The list of addresses comes from the routes: one that this file cannot fill fails the test.
"""

import html
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import select

from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.effective.service import keep, read_period
from app.exports.schemas import ExportKind, Packaging
from app.main import ROUTERS
from app.models import (
    Action,
    Batch,
    BatchAnswer,
    BatchRow,
    Catalogue,
    Decision,
    EarlierStatement,
    EarlierVerdict,
    EffectiveRun,
    ExamAnalysis,
    Job,
    Level,
    LocalTest,
    ReviewTask,
    Role,
    User,
)
from app.platform.database import reading, transaction
from app.review.marks import mark_candidate, mark_row
from tests.app.approval.opened import approve
from tests.app.batches.test_batches import add_rows as add_batch_rows
from tests.app.batches.test_batches import post_batch
from tests.app.consistency.conftest import add_rows
from tests.app.double_reading.conftest import SECOND_BIOLOGIST, SODIUM, Readings
from tests.app.effective.hand_made import counts_of_results, seen
from tests.app.review.conftest import Desk
from tests.app.versions.conftest import Signing
from tests.conftest import BIOLOGIST, NAMES, READER, TRANSCODER, ClientFor

__all__ = ["add_rows"]

POSSIBLE_READER = SECOND_BIOLOGIST
CODE = "1988-5"
WORDS = "mot-cache"
PROGRAMS = "/fhir/"
"""Read with the token of a program, which is no person's; it says approved codes only."""
ENDLESS = {"/travaux/{job_id}/flux"}
ELSEWHERE = {
    "/laboratoires/{laboratory_id}/importer/{draft_id}",
    "/laboratoires/{laboratory_id}/importer/{draft_id}/differences",
    "/laboratoires/{laboratory_id}/importer/{draft_id}/doublons",
    "/laboratoires/{laboratory_id}/importer/{draft_id}/cellules",
    "/catalogues/{catalogue_id}/anterieur/lecture/{draft_id}",
    "/catalogues/{catalogue_id}/approbation/lot",
    "/catalogues/{catalogue_id}/fichiers/{file_id}",
    "/catalogues/{catalogue_id}/fichiers-prepares/{file_id}",
    "/metrics",
}
"""What only biologists may ask, what was received before any decision, one's own prepared files, and figures for
machines: nobody asks them here."""
PATHS = sorted(
    {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and not route.path.startswith(PROGRAMS)
    }
    - ENDLESS
    - ELSEWHERE
)
QUEUE = (
    "", "format=csv", "decision=code", "decision=hors-perimetre", "sauf-decision=aucune", "commentaire=avec",
    "sauf-commentaire=sans", "repere=avec", "sauf-repere=sans", "version=a-revoir", "version=a-confirmer",
    "auteur={author}", "sauf-auteur={author}", "auteur={author}&decision=code&etat=decidee", "tri=etat", "tri=-etat",
    "etat=decidee", "etat=approuvee", "q=sodium", "format=csv&auteur={author}", "format=csv&sauf-auteur={author}",
)  # fmt: skip
WAYS: Mapping[str, tuple[str, ...]] = {
    "/catalogues/{catalogue_id}/revue": QUEUE,
    "/catalogues/{catalogue_id}/approbation": QUEUE,
    "/catalogues/{catalogue_id}/approbation/lecture": ("", "chapitre=Biochimie", "chapitre=Divers", "chapitre=Urines"),
    "/catalogues/{catalogue_id}/lots/nouveau": QUEUE,
    "/catalogues/{catalogue_id}/repartition": QUEUE,
    "/catalogues/{catalogue_id}/revue/{local_test_id}": ("", "candidats=10", "auteur={author}", "fait={fact}"),
    "/catalogues/{catalogue_id}/lots/{public_id}": ("", "format=csv", "resultat=laissees"),
    "/catalogues/{catalogue_id}/coherence": (
        "", "format=csv", "type=code-local", "type=opposes", "type=noms", "vus=1", "tri=-volume",
    ),
    "/catalogues/{catalogue_id}/coherence/avertissement": (
        "type=code-local&sujet=analysis:NA", "type=noms&sujet=analysis:" + CODE, "type=opposes&sujet=analysis:" + CODE,
    ),
    "/catalogues/{catalogue_id}/anterieur": (
        "", "format=csv", "verdict=same", "verdict=identique", "tri=verdict", "usage=-",
    ),
    "/catalogues/{catalogue_id}/exports": ("", *(f"verifier={kind}" for kind in ExportKind)),
    "/administration/terminologies/versions/{release_id}": ("", "format=csv"),
    "/catalogues/{catalogue_id}/changements": ("", "format=csv"),
    "/laboratoires/{laboratory_id}/memoire": ("", "format=csv"),
    "/catalogues/{catalogue_id}/couverture/{kind}.csv": ("",),
    "/terminologie": ("q=sodium",),
}  # fmt: skip


@dataclass
class Scene:
    """A catalogue where several decisions wait for a second reading, and the values of its addresses."""

    readings: Readings
    client: TestClient
    values: dict[str, list[str]]
    hidden: list[int]

    def addresses(self, path: str) -> list[str]:
        found = [path]
        for name in re.findall(r"\{(\w+)[^}]*\}", path):
            found = [re.sub(rf"\{{{name}[^}}]*\}}", value, one) for one in found for value in self.values[name]]
        ways = WAYS.get(path, ("",))
        return [
            f"{one}?{way.format(author=self.values['author'][0], fact=self.values['fact'][0])}" if way else one
            for one in found
            for way in ways
        ]


def coded_row(desk: Desk) -> str:
    """The local code of the row that was approved and is hidden."""
    with reading(desk.engine) as session:
        return session.get_one(LocalTest, desk.unproposed).code


def keep_reading_of_reports(desk: Desk, carried: list[tuple[str, str]]) -> EffectiveRun:
    """A reading of emitted reports whose results carried these local codes, each with another LOINC code."""
    with reading(desk.engine) as session:
        against = against_now(session, desk.world.laboratory, session.get_one(Catalogue, desk.catalogue_id))
        counts = counts_of_results([[seen(local, loinc) for local, loinc in carried]])
        figures = figures_of(counts, against, code_facts(session, against.release_id, seen_codes(counts)), 1)
    with transaction(desk.engine) as session:
        measured = Measured(against, figures, counts.damaged, counts.clusters)
        return keep(session, measured, desk.world.users[TRANSCODER], read_period("", ""))


@pytest.fixture
def scene(readings: Readings, client_for: ClientFor, add_rows: Callable[..., dict[str, int]]) -> Scene:
    """Hidden: the sodium (decided, flagged), the glucose in urine (approved out of scope), a rare one (approved)."""
    desk = readings.desk
    readings.give_role(POSSIBLE_READER, Role.TRANSCODER)
    rows = add_batch_rows(desk, 3)
    batch = post_batch(client_for(TRANSCODER), desk)
    add_rows(
        {
            # One local code with two LOINC codes, one label with two codes, one code with two names.
            "twin": (LocalTest(code="NA", occurrence=1, label="SODIUM", specimen="Sérum", unit="mmol/L"), SODIUM),
            "other": (LocalTest(code="CRP", label="IgG anti-x", specimen="Urines"), ""),
        }
    )
    first = readings.decide_and_ask(desk.sodium, loinc_num=CODE, justification=WORDS, comment=f"{WORDS} du choix")
    with transaction(desk.engine) as session:
        access, version = desk.access(), desk.version(desk.sodium)
        mark_row(session, access, desk.sodium, version, Action.FLAG, f"{WORDS} du repère")
        mark_candidate(session, access, desk.sodium, version + 1, Action.REJECT_CANDIDATE, "2947-0")
    out = desk.decide(desk.strip, Action.OUT_OF_SCOPE, reason=f"{WORDS} du motif", comment=f"{WORDS} hors périmètre")
    # A request of a code that anybody may open.
    desk.decide(desk.comment_row, Action.NO_LOINC, reason="Sans code LOINC")
    coded = desk.decide(desk.unproposed, loinc_num=CODE, justification=f"{WORDS} approuvé")
    for row in (desk.strip, desk.unproposed):
        with transaction(desk.engine) as session:
            approve(session, desk.access(BIOLOGIST), row, desk.version(row), settings=desk.settings)
    assert readings.ask(out, coded) == 2
    with transaction(desk.engine) as session:
        exam = LocalTest(catalogue_id=desk.catalogue_id, level=Level.EXAM, code="IONO", label="IONO", position=300)
        session.add(exam)
        session.flush()
        for row, label in ((desk.sodium, "SODIUM"), (desk.strip, "GLUCOSE URINAIRE")):
            link = ExamAnalysis(exam_id=exam.id or 0, analysis_id=row, analysis_code=label[:4], analysis_label=label)
            session.add(link)
        session.add(
            EarlierStatement(
                catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, source_name="ancien.csv",
                finding="code", loinc_num=SODIUM,
            )
        )  # fmt: skip
        release_id = desk.release.id or 0
        session.add(
            ReviewTask(
                catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, kind="deprecated", loinc_num=CODE,
                old_release_id=release_id, new_release_id=release_id, after_decision_id=first.id or 0,
            )
        )  # fmt: skip
        job = Job(kind="proposals", laboratory_id=desk.world.laboratory_id, catalogue_id=desk.catalogue_id)
        session.add(job)
        session.get_one(User, desk.world.user_id(POSSIBLE_READER)).is_administrator = True
    version = desk.version(rows[0])
    run = keep_reading_of_reports(desk, [("NA", SODIUM), ("CRP", SODIUM), (coded_row(desk), SODIUM)])
    sent = {"choix": [f"{row}:{version}" for row in rows], "confirme": "oui"}
    approvals = client_for(BIOLOGIST).post(f"{desk.base}/approbation", data=sent).headers["location"]
    values = {
        "laboratory_id": [str(desk.world.laboratory_id)],
        "catalogue_id": [str(desk.catalogue_id)],
        "local_test_id": [str(row) for row in (desk.sodium, desk.strip, desk.glucose, desk.comment_row, exam.id)],
        "user_id": [str(desk.world.user_id(READER))],
        "job_id": [str(job.id)],
        "release_id": [str(desk.release.id)],
        "loinc_num": [SODIUM],
        "public_id": [
            batch.rpartition("/")[2], approvals.partition("?")[0].rpartition("/")[2],
            Signing(desk, client_for).sign().public_id, run.public_id,
        ],
        "kind": ["indicateurs", "chapitres", "hors-perimetre", "sans-code"],
        "author": [str(desk.world.user_id(TRANSCODER))],
        "fact": [str(first.id)],
        "secret": ["x" * 43],
    }
    return Scene(readings, client_for(POSSIBLE_READER), values, [desk.sodium, desk.strip, desk.unproposed])


def told_by(answer: Response) -> str:
    """All that a response says: its text, or that of the files that it packs."""
    if not answer.content.startswith(b"PK"):
        return html.unescape(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    return "\n".join(told_by(Response(200, content=part, default_encoding="utf-8")) for part in parts)


@pytest.mark.only("sqlite", "what is hidden is asked for by the same statements; the next test asks both")
def test_no_answer_tells_a_hidden_decision(scene: Scene) -> None:
    """One scene for all addresses: reading changes nothing, and to set it up takes longer than to read them."""
    wrong = [fault for path in PATHS if (fault := _told_at(scene, path))]
    assert wrong == []


def _told_at(scene: Scene, path: str) -> object:
    """What an address tells, with its place; nothing when all is well."""
    statuses = set()
    for address in scene.addresses(path):
        answer = scene.client.get(address)
        statuses.add(answer.status_code)
        if answer.status_code not in (200, 303, 404, 409, 503):
            return address, answer.status_code
        without_echo = told_by(answer).replace(f"choix={CODE}", "")
        for hidden in (WORDS, CODE):
            at = without_echo.find(hidden)
            if at >= 0:
                return address, without_echo[max(0, at - 300) : at + 50]
    return "" if 200 in statuses or path in MAY_REFUSE else (path, statuses)


MAY_REFUSE = {
    "/compte/second-facteur",
    "/compte/second-facteur/application.svg",
    "/connexion/fournisseur",
    "/connexion/fournisseur/confirmer",
    "/connexion/fournisseur/quitter",
    "/connexion/fournisseur/retour",
    "/connexion/second-facteur",
    "/invitation/{secret}",
    "/catalogues/{catalogue_id}/coherence/avertissement",
    "/catalogues/{catalogue_id}/double-lecture/{local_test_id}/conciliation",
    "/catalogues/{catalogue_id}/signature/comparaison",
    "/administration",
    "/administration/laboratoires/{laboratory_id}/depart/archive",
    "/connexion",
    "/readyz",
}
"""What is refused or leads elsewhere, here."""


def test_no_filter_of_the_queue_finds_a_hidden_row_by_its_decision(scene: Scene) -> None:
    """The rows that a filter leaves are those that it would leave whatever was decided of the hidden ones."""
    for way in QUEUE:
        if "=" in way:
            _filtered(scene, way)


def _filtered(scene: Scene, way: str) -> None:
    desk, author = scene.readings.desk, scene.values["author"][0]
    for place in ("revue", "approbation"):
        address = f"{desk.base}/{place}?{way.format(author=author)}"
        told = scene.client.get(address).text
        finds = re.search(r"(^|&)(auteur|decision|commentaire|repere|version)=", way)
        keeps = re.search(r"sauf-", way) and place == "revue"
        if finds:
            assert "SODIUM;" not in told.replace("NA;SODIUM;;Analyse;;Sérum;mmol/L;non;;Décidée;", ""), address
            assert f'id="ligne-{desk.sodium}"' not in told, address
            assert f"/revue/{desk.sodium}?" not in told, address
        elif keeps and "csv" not in way:
            assert f"/revue/{desk.sodium}?" in told, address


def test_no_search_finds_a_hidden_row_by_its_code(scene: Scene, client_for: ClientFor) -> None:
    desk = scene.readings.desk
    address = f"{desk.base}/revue?q={CODE}"
    assert f"/revue/{desk.sodium}?" not in scene.client.get(address).text
    assert f"/revue/{desk.sodium}?" in client_for(BIOLOGIST).get(address).text
    proposed = f"{desk.base}/revue?q={SODIUM}"
    assert f"/revue/{desk.sodium}?" in scene.client.get(proposed).text, "by what is proposed, as before"
    for query in (address, proposed):
        listed = scene.client.get(f"{query}&format=csv").text
        assert (CODE in listed, "NA;SODIUM" in listed) == (False, query == proposed)


def test_no_count_holds_a_hidden_row(scene: Scene, client_for: ClientFor) -> None:
    desk = scene.readings.desk
    address = f"{desk.base}/revue"
    hors = re.compile(r'decision=hors-perimetre"[^>]*>\s*[^<]*<')
    seen, hidden = client_for(BIOLOGIST).get(address).text, scene.client.get(address).text
    assert hors.search(seen)
    assert not hors.search(hidden), "the only row out of scope is hidden"
    assert "repere=avec" in seen
    assert "repere=avec" not in hidden


def test_who_judges_and_who_only_reads_see_all(scene: Scene, client_for: ClientFor) -> None:
    desk = scene.readings.desk
    for email in (BIOLOGIST, READER, TRANSCODER):
        client = client_for(email)
        assert f"/revue/{desk.sodium}?" in client.get(f"{desk.base}/revue?q={CODE}").text
        assert CODE in client.get(f"{desk.base}/revue?format=csv").text
        assert CODE in client.get(f"{desk.base}/coherence").text


def test_files_do_not_tell_it_and_none_that_a_system_reads_lacks_a_code(
    scene: Scene, client_for: ClientFor
) -> None:
    for kind in ExportKind:
        for packaging in Packaging:
            _exported(scene, client_for, kind, packaging)


def _exported(scene: Scene, client_for: ClientFor, kind: ExportKind, packaging: Packaging) -> None:
    desk = scene.readings.desk
    address = f"{desk.base}/exports/{kind}?emballage={packaging}"
    answer = scene.client.post(address)
    told = told_by(answer)
    assert CODE not in told, address
    assert WORDS not in told, address
    if kind is ExportKind.XLSX and answer.status_code == 200:
        assert "deuxième lecture" in told, address
    elif kind is not ExportKind.XLSX:
        assert answer.status_code == 409, (address, "it would lack an approved code")
        assert "deuxième lecture" in told, address
    seen = client_for(BIOLOGIST).post(address)
    assert seen.status_code != 200 or CODE in told_by(seen), address


def test_the_files_of_a_system_go_out_when_nothing_approved_is_hidden(
    readings: Readings, client_for: ClientFor
) -> None:
    desk = readings.desk
    readings.give_role(POSSIBLE_READER, Role.TRANSCODER)
    readings.decide_and_ask(desk.sodium, loinc_num=CODE, justification=WORDS)
    answer = client_for(POSSIBLE_READER).post(f"{desk.base}/exports/{ExportKind.CONCEPT_MAP}")
    assert answer.status_code == 200
    assert CODE not in answer.text


def test_a_batch_does_not_show_its_hidden_rows(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.give_role(POSSIBLE_READER, Role.TRANSCODER)
    rows = add_batch_rows(desk, 3)
    address = post_batch(client_for(TRANSCODER), desk)
    with reading(desk.engine) as session:
        facts = {
            row_id: session.get_one(Decision, fact_id)
            for row_id, fact_id in session.execute(
                select(BatchRow.local_test_id, BatchAnswer.decision_id).join(
                    BatchAnswer, BatchAnswer.batch_row_id == BatchRow.id  # type: ignore[arg-type]
                )
            )
        }
        title = session.exec(select(Batch.title)).one()
    readings.ask(facts[rows[1]])
    for email, is_seen in ((POSSIBLE_READER, False), (BIOLOGIST, True)):
        client = client_for(email)
        page, listed = client.get(address).text, client.get(f"{desk.base}/lots").text
        assert (f'/revue/{rows[1]}"' in page, title in listed) == (is_seen, is_seen)
        assert ("S0001" in client.get(f"{address}?format=csv").text) is is_seen


def test_one_answer_for_a_group_leaves_the_hidden_row(scene: Scene) -> None:
    desk = scene.readings.desk
    page = scene.client.get(f"{desk.base}/revue/{desk.sodium}/groupe").text
    assert NAMES[TRANSCODER] not in page
    data = {"ligne": f"{desk.sodium}:{desk.version(desk.sodium)}", "action": "choose", "loinc_num": SODIUM}
    before = len(desk.facts(desk.sodium))
    scene.client.post(f"{desk.base}/revue/{desk.sodium}/groupe", data=data)
    assert len(desk.facts(desk.sodium)) == before


def test_an_earlier_code_does_not_tell_that_it_was_decided(readings: Readings, client_for: ClientFor) -> None:
    desk = readings.desk
    readings.give_role(POSSIBLE_READER, Role.TRANSCODER)
    pages = set()
    with transaction(desk.engine) as session:
        session.add(
            EarlierStatement(
                catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, source_name="ancien.csv",
                finding="code", loinc_num=SODIUM, verdict=EarlierVerdict.OTHER,
            )
        )  # fmt: skip
    client = client_for(POSSIBLE_READER)
    for code in (SODIUM, CODE):
        readings.decide_and_ask(desk.sodium, loinc_num=code, justification=WORDS)
        told = client.get(f"{desk.base}/anterieur").text
        pages.add(re.sub(r'value="\d+:\d+"', "", told))
        assert CODE not in told
        desk.undo(desk.sodium)
    assert len(pages) == 1
