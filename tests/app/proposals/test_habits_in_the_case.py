"""With the real engine: after enough decisions the case of another row says what it follows."""

import re
from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.jobs.runner import run_job
from app.models import Action, Catalogue, Job, LocalTest, Proposal, ProposalRun
from app.platform.database import reading, transaction
from app.proposals.habits_job import HABITS_JOB, ask_where_due
from app.proposals.jobs import run_proposals
from app.proposals.service import evidence_ahead
from app.settings import Settings
from app.transcoding.ledger import DecisionContent, append, open_row
from app.upgrades.service import load_starter
from tests.conftest import TRANSCODER, ClientFor, World

DECIDED = {
    "Ac anti-CCP": "32218-0",
    "Ac anti-ADN natif": "32677-7",
    "Ac anti-MPO": "46266-3",
    "Ac anti-PR3": "46267-1",
    "Ac anti-Scl 70": "26975-3",
    "Ac anti-SSA": "33569-5",
    "Ac anti-Sm": "43182-5",
    "Ac anti-RNP": "51928-0",
    "Ac anti-transglutaminase IgA": "46128-5",
    "Ac anti-transglutaminase IgG": "56537-4",
}
"""Antibodies that one laboratory always reports by its technique, which its catalogue does not write."""
LEFT, LEFT_PLAIN, LEFT_CODE = "Ac anti-SSB", "17791-5", "45142-7"
UNIT = "UI/mL"


def shown(session: Session, label: str) -> Sequence[Proposal]:
    statement = (
        select(Proposal)
        .join(ProposalRun, col(ProposalRun.id) == Proposal.run_id)
        .join(LocalTest, col(LocalTest.id) == Proposal.local_test_id)
        .where(col(ProposalRun.is_current), LocalTest.label == label)
        .order_by(col(Proposal.rank))
    )
    return session.exec(statement).all()


def test_the_case_names_the_decisions_that_it_follows(
    world: World, settings: Settings, client_for: ClientFor
) -> None:
    lines = [f"{number};{label};Sérum;{UNIT}" for number, label in enumerate([*DECIDED, LEFT], 1)]
    content = "\n".join(["code;libelle;milieu;unite", *lines, ""]).encode()
    with transaction(world.engine) as session:
        load_starter(session)
    with transaction(world.engine) as session:
        files = [IncomingFile("anticorps.csv", content)]
        catalogue_id = import_files(session, world.laboratory_id, files, catalogue_name="Anticorps").catalogue_id
    run_proposals(world.engine, settings, catalogue_id)
    with reading(world.engine) as session:
        assert shown(session, LEFT)[0].loinc_num == LEFT_PLAIN
        ids = {test.label: test.id or 0 for test in session.exec(select(LocalTest))}
    with transaction(world.engine) as session:
        access = world.catalogue_access(TRANSCODER, session.get_one(Catalogue, catalogue_id))
        for label, loinc_num in DECIDED.items():
            row = open_row(session, access, ids[label], 0)
            append(session, row, Action.CHOOSE, DecisionContent(loinc_num))
    assert ask_where_due(world.engine)
    with reading(world.engine) as session:
        job_id = session.exec(select(Job.id).where(Job.kind == HABITS_JOB)).one()
    run_job(world.engine, settings, job_id or 0)
    with reading(world.engine) as session:
        first = shown(session, LEFT)[0]
        row = session.get_one(LocalTest, ids[LEFT])
    assert first.loinc_num == LEFT_CODE
    assert any(line["sentence"].startswith("Comme vos décisions sur « Ac anti-") for line in first.evidence)
    case = client_for(TRANSCODER).get(f"/catalogues/{catalogue_id}/revue/{row.id}").text
    said, *_ = re.findall(r'<p class="decided-by">(Comme vos décisions sur « Ac anti-[^<]+)</p>', case)
    assert " : " not in said, "what they have in common stands in the column"
    assert f"{said} : immunodosage (IA)." in case, "the technique in French, the name of LOINC beside"
    [weighed] = evidence_ahead(world.engine, settings, catalogue_id, [(row, LEFT_CODE)])
    assert {line["sentence"] for line in weighed} == {line["sentence"] for line in first.evidence}
