"""What left in any format comes back in a new laboratory as earlier work: same codes, relations, comments."""

import io
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook
from sqlmodel import select

from app.catalogues.service import import_files
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.fhir_resources.values import Syntax
from app.files.archive import OWN_NAMES, unpacked
from app.files.choices import IncomingFile
from app.files.completed_columns import COMPLETED
from app.files.loinc_cells import CellFinding
from app.main import create_app
from app.memory.catalogue_tables import read_table_with_codes
from app.memory.concept_maps import read_concept_maps
from app.memory.relations import relation_of
from app.memory.statements import SETTLED, statement_of
from app.models import Catalogue, Decision, EarlierVerdict, Laboratory, LocalTest, Relation, ReviewState, Status, User
from app.platform.database import Transactions, reading, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.proposals.jobs import run_proposals
from app.publication.schemas import UncodedReason
from app.publication.statement import LICENCE_NAME, README_NAME, REPORT_NAME
from app.settings import Settings
from tests import scenes
from tests.app.approval.opened import read_case
from tests.app.catalogues.test_fixtures import exported
from tests.app.earlier.conftest import Inherited
from tests.app.review.sample import add_release
from tests.conftest import BIOLOGIST, OUTSIDER, TRANSCODER, ClientFor, Scene, World

LOINC_3 = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
    "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN\r\n"
    "NA;Sodium;;;;mmol/L;;;Sérum;QN;;\r\n"
    "NAU;Sodium urinaire;;;;mmol/L;;;Urines;QN;;\r\n"
    "CRP;Protéine C réactive;;;;mg/L;;;Sérum;QN;;\r\n"
    "COM;Texte libre;;;;;;;;;;\r\n"
).encode()
SAID = {
    "NA": ("2951-2", "equivalent", "vu avec le service ; deux fois"),
    "NAU": ("2955-3", "loinc_wider", ""),
    "CRP": ("30522-7", "loinc_narrower", "réactif ultrasensible"),
}
WHY = ("Aucun code LOINC ne convient", "vu avec le fabricant : rien")
"""Why the text has no code, and what was added."""
# The exchange file of the ANS has places for codes only.
CARRIES_ALL = (ExportKind.XLSX, ExportKind.SSSOM, ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5)


Approve = Callable[[bytes, str], int]


@scenes.builder("origin")
def build_origin(world: World, settings: Settings) -> int:
    """A catalogue of which everything is approved, by people at their browsers."""
    application = create_app(settings, world.engine)
    with ExitStack() as opened:

        def client_for(email: str) -> TestClient:
            with transaction(world.engine) as session:
                token = open_session(session, world.users[email], settings)
            client = TestClient(application, follow_redirects=False, cookies={SESSION_COOKIE: token})
            opened.callback(client.close)
            return client

        file = IncomingFile("LOINC_3_export_resultats_20261101.csv", LOINC_3)
        return _approved(world, settings, client_for, file)


@pytest.fixture
def origin(scene_at_start: Scene) -> int:
    """A catalogue of which everything is approved; its number."""
    assert isinstance(scene_at_start.made, int)
    return scene_at_start.made


@pytest.fixture
def approve(world: World, settings: Settings, client_for: ClientFor) -> Approve:
    """Import a file and approve everything in it."""
    return lambda content, name: _approved(world, settings, client_for, IncomingFile(name, content))


def _approved(world: World, settings: Settings, client_for: ClientFor, file: IncomingFile) -> int:
    with transaction(world.engine) as session:
        add_release(session)
        catalogue_id = import_files(session, world.laboratory_id, [file], catalogue_name="Origine").catalogue_id
    run_proposals(world.engine, settings, catalogue_id)
    transcoder, biologist = client_for(TRANSCODER), client_for(BIOLOGIST)
    with reading(world.engine) as session:
        ids = {test.code: test.id for test in session.exec(select(LocalTest))}
    for code, test_id in ids.items():
        loinc_num, relation, comment = SAID.get(code, ("", "", ""))
        form = {"version": "0", "action": "choose" if loinc_num else "no_loinc", "loinc_num": loinc_num,
                "relation": relation, "comment": comment if loinc_num else WHY[1],
                "reason": "" if loinc_num else WHY[0]}  # fmt: skip
        answer = transcoder.post(f"/catalogues/{catalogue_id}/revue/{test_id}/decision", data=form)
        assert answer.status_code == 303, answer.text
        judged = {"version": "1", "action": "approve"}
        judged["lu"] = read_case(biologist, f"/catalogues/{catalogue_id}", test_id)
        answer = biologist.post(f"/catalogues/{catalogue_id}/approbation/{test_id}?depuis=revue", data=judged)
        assert answer.status_code == 303, answer.text
    return catalogue_id


Elsewhere = Callable[..., Inherited]


@pytest.fixture
def elsewhere(world: World, settings: Settings) -> Elsewhere:
    """The same catalogue in the other laboratory, which decided nothing."""

    def make(
        content: bytes = LOINC_3, name: str = "LOINC_3_export_resultats_20261101.csv", called: str = "Repris"
    ) -> Inherited:
        assert world.other_laboratory.id is not None
        with transaction(world.engine) as session:
            files = [IncomingFile(name, content)]
            report = import_files(session, world.other_laboratory.id, files, catalogue_name=called)
        found = Inherited(world, settings, report.catalogue_id)
        found.run()
        return found

    return make


def confirm_all(found: Inherited, client_for: ClientFor) -> None:
    """The reviewer of the other laboratory confirms what may be, and the rest in its case."""
    client = client_for(OUTSIDER)
    form = {"choix": [f"{item.id}:0" for item in found.statements().values() if item.local_test_id]}
    assert client.post(f"{found.address}/confirmer", data=form).status_code == 200


def decided(found: Inherited) -> dict[str, tuple[str, str, str]]:
    with reading(found.engine) as session:
        statement = (
            select(LocalTest.code, Decision)
            .join(Decision, Decision.local_test_id == LocalTest.id)  # type: ignore[arg-type]
            .where(LocalTest.catalogue_id == found.catalogue_id)
        )
        return {code: (fact.loinc_num, fact.relation, fact.comment) for code, fact in session.exec(statement)}


@pytest.mark.parametrize("kind", [ExportKind.LOINC_6, ExportKind.FHIR_CATALOGUE, *CARRIES_ALL])
def test_what_left_comes_back(
    world: World, settings: Settings, client_for: ClientFor, origin: int, elsewhere: Elsewhere, kind: ExportKind
) -> None:
    content = exported(world, settings, origin, kind)
    found = elsewhere()
    name = {ExportKind.XLSX: "decisions.xlsx", ExportKind.LOINC_6: "LOINC_6.csv"}.get(kind, "transcodage.json")
    answer = client_for(OUTSIDER).post(found.address, files=[("fichiers", (name, content))])
    assert answer.status_code == 303, answer.text
    assert "fait=" in answer.headers["location"], client_for(OUTSIDER).get(answer.headers["location"]).text
    confirm_all(found, client_for)
    codes = {code: loinc_num for code, (loinc_num, _, _) in decided(found).items() if loinc_num}
    assert codes == {code: loinc_num for code, (loinc_num, _, _) in SAID.items()}
    if kind in CARRIES_ALL:
        said = decided(found)
        assert {code: said[code] for code in SAID} == SAID
    page = client_for(OUTSIDER).get(found.address, params={"verdict": EarlierVerdict.SAME}).text
    assert all(f">{code}</td>" in page for code in SAID), "the comparison says « same » of each"


@pytest.mark.parametrize("syntax", Syntax)
def test_our_fhir_catalogue_is_a_catalogue_with_its_earlier_work(
    world: World, settings: Settings, client_for: ClientFor, origin: int, elsewhere: Elsewhere, syntax: Syntax
) -> None:
    content = exported(world, settings, origin, ExportKind.FHIR_CATALOGUE, syntax)
    found = elsewhere(content, f"catalogue.{syntax}")
    assert {code: item.loinc_num for code, item in found.statements().items()} == {
        code: loinc_num for code, (loinc_num, _, _) in SAID.items()
    }
    page = client_for(OUTSIDER)
    with reading(world.engine) as session:
        laboratory_id = session.get_one(Catalogue, found.catalogue_id).laboratory_id
    files = [("fichiers", (f"catalogue.{syntax}", content))]
    answer = page.post(f"/laboratoires/{laboratory_id}/memoire", files=files)
    assert answer.status_code == 303, answer.text
    assert "3 correspondances prises en mémoire" in page.get(answer.headers["location"]).text


FHIR_OF_MAPS = (ExportKind.CONCEPT_MAP, ExportKind.CONCEPT_MAP_R5, ExportKind.FHIR_BUNDLE)


@pytest.mark.parametrize("kind", FHIR_OF_MAPS)
def test_both_syntaxes_of_an_export_say_the_same(
    world: World, settings: Settings, origin: int, kind: ExportKind
) -> None:
    read = [
        read_concept_maps(exported(world, settings, origin, kind, syntax)) for syntax in (Syntax.JSON, Syntax.XML)
    ]
    assert read[0] == read[1]
    assert {item.local_code for item in read[0].mappings} == set(SAID)
    assert [(item.local_code, item.finding) for item in read[0].others] == [("COM", CellFinding.NO_CODE)]


def test_that_there_is_no_code_comes_back_too(
    world: World, settings: Settings, client_for: ClientFor, origin: int, elsewhere: Elsewhere
) -> None:
    found = elsewhere()
    by = set()
    for kind in CARRIES_ALL:
        content = exported(world, settings, origin, kind)
        client_for(OUTSIDER).post(found.address, files=[("fichiers", (f"{kind}.xlsx", content))])
        said = found.statements()["COM"]
        assert (said.source_name, said.verdict) == (f"{kind}.xlsx", EarlierVerdict.NO_CODE)
        assert (said.reason, said.comment) == WHY, kind
        assert said.dated, kind
        by.add(said.author)
    assert len(by) == 1
    assert by != {""}, "every format says who found that there is none"


def test_the_exchange_file_is_a_catalogue_with_its_earlier_work(
    world: World, settings: Settings, client_for: ClientFor, origin: int, elsewhere: Elsewhere
) -> None:
    content = exported(world, settings, origin, ExportKind.LOINC_6)
    found = elsewhere(content, "LOINC_6_transcodage_demandes_20261101.csv")
    assert {code: item.loinc_num for code, item in found.statements().items()} == {
        code: loinc_num for code, (loinc_num, _, _) in SAID.items()
    }
    confirm_all(found, client_for)
    assert {code for code, (number, _, _) in decided(found).items() if number} == set(SAID)
    assert Relation.EQUIVALENT in {relation for _, relation, _ in decided(found).values()}
    assert Status.APPROVED not in _statuses(found)


def _statuses(found: Inherited) -> list[str]:
    with reading(found.engine) as session:
        statement = (
            select(ReviewState.status)
            .join(LocalTest, LocalTest.id == ReviewState.local_test_id)  # type: ignore[arg-type]
            .where(LocalTest.catalogue_id == found.catalogue_id)
        )
        return list(session.exec(statement))


def test_the_archive_of_the_exchange_file_brings_back_everything(
    world: World, settings: Settings, client_for: ClientFor, origin: int, elsewhere: Elsewhere
) -> None:
    with reading(world.engine) as session:
        catalogue = session.get_one(Catalogue, origin)
        laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
    request = ExportRequest(ExportKind.LOINC_6, packaging=Packaging.ZIP)
    archive, _ = make_export(Transactions(world.engine), settings, laboratory, catalogue, request)
    found = elsewhere()
    answer = client_for(OUTSIDER).post(found.address, files=[("fichiers", (archive.name, archive.content))])
    assert answer.status_code == 303, answer.text
    confirm_all(found, client_for)
    said = decided(found)
    assert {code: said[code] for code in SAID} == SAID
    page = client_for(OUTSIDER).get(found.address, params={"verdict": "same"}).text
    assert all(f">{code}</td>" in page for code in SAID)
    # As a catalogue it is the completed file, and nothing else of the archive stands in its way.
    (name, _content), = unpacked([(archive.name, archive.content)], 10**7)
    assert name.startswith("LOINC_6")


def with_old_codes(content: bytes, headings: Sequence[str], cells: Sequence[str]) -> bytes:
    """The catalogue as somebody else had transcoded it: the same code, wrong, on each of its rows."""
    first, *rows = content.decode().split("\r\n")[:-1]
    lines = [";".join([first, *headings]), *(";".join([row, *cells]) for row in rows), ""]
    return "\r\n".join(lines).encode()


OLD = "718-7"
OLD_SETS = {
    "our LOINC_6": (("Code LOINC analyse", "Libellé LOINC analyse"), (OLD, "Hémoglobine")),
    "one column": (("Code LOINC",), (OLD,)),
    "our completed file": (
        COMPLETED, (OLD, "Hémoglobine", "exact", "ancien avis", "M. X", "Mme Y", "01/02/2020", "2.70")
    ),
    "somebody's list": (("LOINC", "Commentaire", "Statut"), (OLD, "vieux", "validé")),
}  # fmt: skip
EXPORTED = (
    (ExportKind.LOINC_6, Packaging.FILE), (ExportKind.LOINC_6, Packaging.ZIP), (ExportKind.ORIGINAL, Packaging.FILE),
    (ExportKind.XLSX, Packaging.FILE),
)  # fmt: skip


@pytest.mark.parametrize("came_with", OLD_SETS)
def test_what_came_in_with_codes_comes_back_with_those_that_were_approved(
    world: World, settings: Settings, client_for: ClientFor, elsewhere: Elsewhere, came_with: str
) -> None:
    content = with_old_codes(LOINC_3, *OLD_SETS[came_with])
    catalogue_id = _approved(
        world, settings, client_for, IncomingFile("LOINC_3_export_resultats_20261101.csv", content)
    )
    with reading(world.engine) as session:
        catalogue = session.get_one(Catalogue, catalogue_id)
        laboratory = session.get_one(Laboratory, catalogue.laboratory_id)
    wanted = {code: loinc_num for code, (loinc_num, _, _) in SAID.items()}
    for kind, packaging in EXPORTED:
        request = ExportRequest(kind, packaging=packaging)
        made, _ = make_export(Transactions(world.engine), settings, laboratory, catalogue, request)
        name = {Packaging.ZIP: made.name, Packaging.FILE: f"{kind}.{made.name.rsplit('.', 1)[1]}"}[packaging]
        # The memory of a laboratory takes a file as it is read by itself.
        said = [item for part in unpacked([(name, made.content)], 10**7)
                for item in read_table_with_codes(*part, 10**7).mappings]  # fmt: skip
        assert {item.local_code: item.loinc_num for item in said} == wanted, (kind, packaging)
        if kind is ExportKind.ORIGINAL:
            comments = {item.local_code: item.comment for item in said}
            assert comments == {code: comment for code, (_, _, comment) in SAID.items()}
            assert {item.dated for item in said} != {""}
        if packaging is Packaging.FILE and kind is not ExportKind.XLSX:
            found = elsewhere(made.content, f"LOINC_3_{kind}.csv", called=kind)
            here = {code: item.loinc_num for code, item in found.statements().items() if item.loinc_num}
            assert here == wanted, kind


def test_the_names_of_what_an_archive_holds_are_those_of_the_exports() -> None:
    assert set(OWN_NAMES) == {name.lower() for name in (README_NAME, LICENCE_NAME, REPORT_NAME)}


def test_the_workbook_says_what_is_settled_in_words_that_are_read_again() -> None:
    assert set(SETTLED) == {UncodedReason.NO_LOINC.label, UncodedReason.OUT_OF_SCOPE.label}
    for reason in UncodedReason:
        statement = statement_of({"earlier_reason": f"{reason.label} : pourquoi"})
        assert (statement is not None) is reason.is_settled
        assert statement is None or statement.reason == "pourquoi"


def as_workbook(content: bytes) -> bytes:
    """The rows of a CSV in a workbook."""
    book = Workbook()
    assert book.active is not None
    for line in content.decode().splitlines():
        book.active.append(line.split(";"))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_completed_file_says_all_that_the_decision_workbook_says(
    world: World, settings: Settings, client_for: ClientFor, elsewhere: Elsewhere, approve: Approve, form: str
) -> None:
    received = LOINC_3 if form == "csv" else as_workbook(LOINC_3)
    approved = approve(received, f"LOINC_3_export_resultats_20261101.{form}")
    content = exported(world, settings, approved, ExportKind.ORIGINAL)
    found = elsewhere()
    page = client_for(OUTSIDER)
    answer = page.post(found.address, files=[("fichiers", (f"complete.{form}", content))])
    assert "fait=" in answer.headers["location"], page.get(answer.headers["location"]).text
    assert "date" not in page.get(answer.headers["location"]).text.partition("Tableau")[2].partition("</")[0]
    said = found.statements()
    assert {
        code: (item.loinc_num, str(relation_of(item.relation)), item.comment)
        for code, item in said.items() if code in SAID
    } == SAID  # fmt: skip
    assert (said["COM"].finding, said["COM"].reason, said["COM"].comment) == (CellFinding.NO_CODE, *WHY)
    with reading(world.engine) as session:
        transcoder = session.exec(select(User.display_name).where(User.email == TRANSCODER)).one()
    assert {item.author for item in said.values()} == {transcoder}
    assert len({item.dated for item in said.values()} - {""}) == 1, "all were approved on one day"
    assert all(item.dated for item in said.values())
