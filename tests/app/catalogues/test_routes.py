"""The pages: giving files, settling what they are, confirming, and the overview."""

import io
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from openpyxl import Workbook
from sqlmodel import col, func, select

from app.catalogues import routes, settling
from app.errors import ImportRefusedError, NotFoundError
from app.jobs import registry
from app.jobs.registry import register, unregister
from app.models import (
    Catalogue,
    Job,
    JobStatus,
    LocalTest,
    LoincRelease,
    ProposalRun,
    RunStatus,
    SourceFile,
    UploadDraft,
    UploadDraftFile,
)
from app.platform.database import reading, transaction
from app.reimport.jobs import run_import
from tests.app.catalogues.conftest import Importer, free_file, loinc_1, loinc_2, loinc_3, side_file
from tests.app.files.workbooks import xlsx
from tests.conftest import ADMINISTRATOR, BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


@pytest.fixture
def asked_proposals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The catalogues for which proposals were asked; the matcher itself does not run."""
    asked: list[int] = []
    known = registry.find_kind("proposals")
    unregister("proposals")
    register("proposals", lambda _engine, _settings, _job, payload, _progress: asked.append(payload["catalogue_id"]))
    yield asked
    unregister("proposals")
    if known:
        register(known.kind, known.function, known.label, chunks=known.chunks, ended=known.ended, clean=known.clean)


def send(client: TestClient, *files: tuple[str, bytes], name: str = "Nouveau", catalogue: str = "") -> Response:
    return client.post(
        "/laboratoires/1/importer",
        data={"nom": name, "catalogue": catalogue},
        files=[("fichiers", file) for file in files],
    )


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send back of the preview form."""
    fields: dict[str, str] = {}
    for name, body in re.findall(r'<select[^>]*?name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"\s+selected', body)
        first = re.search(r'<option value="([^"]*)"', body)
        fields[name] = (chosen or first)[1] if chosen or first else ""
    for name in re.findall(r'name="(f\d+\.ignored)"[^>]*?checked', html):
        fields[name] = "1"
    return fields


def count(world: World, table: type) -> int:
    with reading(world.engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_the_whole_way(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    assert client.get("/laboratoires/1/importer").status_code == 200
    answer = send(client, *[(f.name, f.content) for f in (loinc_1(), loinc_2(), loinc_3(), side_file())])
    assert answer.status_code == 303
    address = answer.headers["location"]
    page = client.get(address)
    assert page.status_code == 200
    assert "3 analyses, 2 examens, 2 chapitres, 2 sous-chapitres, 2 lignes de données annexes." in page.text
    assert "Nouveau catalogue « Nouveau »" in page.text
    assert count(world, Catalogue) == 0

    done = client.post(f"{address}/confirmer", data=fields_of(page.text))
    assert (done.status_code, done.headers["location"]) == (303, "/catalogues/1")
    assert asked_proposals == [1]
    assert count(world, LocalTest) == 9
    assert count(world, UploadDraftFile) == 0
    again = client.post(f"{address}/confirmer", data=fields_of(page.text))
    assert (again.status_code, again.headers["location"]) == (303, "/catalogues/1"), "a second click, afterwards"
    assert client.get(address).headers["location"] == "/catalogues/1"
    assert (count(world, LocalTest), count(world, Catalogue)) == (9, 1)

    overview = client.get("/catalogues/1")
    assert overview.status_code == 200
    for text in ("LOINC_3 (analyses)", "Biochimie", "Sans chapitre", "1 analyse est sous-traitée.", "15\u202f587"):
        assert text in overview.text
    with reading(world.engine) as session:
        job = session.exec(select(Job).where(Job.kind == "import")).one()
        assert job.status == JobStatus.DONE
        assert job.message.startswith("Import terminé : 3 analyses")


def test_a_confirmed_import_leads_to_its_catalogue(client: TestClient, world: World) -> None:
    address = send(client, ("LOINC_3.csv", loinc_3().content)).headers["location"]
    catalogue = world.add_catalogue()
    with transaction(world.engine) as session:
        draft = session.exec(select(UploadDraft)).one()
        draft.is_confirmed, draft.catalogue_id = True, catalogue.id
        session.add(draft)
    assert client.get(address).headers["location"] == f"/catalogues/{catalogue.id}"
    assert client.post(f"{address}/confirmer").headers["location"] == f"/catalogues/{catalogue.id}"
    assert client.post(f"{address}/reglages").status_code == 409
    assert count(world, Job) == 0


def test_a_second_click_while_the_first_is_answered_leads_to_the_catalogue(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = send(client, ("LOINC_3.csv", loinc_3().content)).headers["location"]
    fields = fields_of(client.get(address).text)
    understood = settling.understood
    others: list[int] = []

    def clicked_meanwhile(*given: Any) -> Any:
        if not others:
            others.append(0)
            others.append(client.post(f"{address}/confirmer", data=fields).status_code)
        return understood(*given)

    monkeypatch.setattr(settling, "understood", clicked_meanwhile)
    answer = client.post(f"{address}/confirmer", data=fields)
    assert others == [0, 303]
    assert (answer.status_code, answer.headers["location"]) == (303, "/catalogues/1")
    assert (count(world, LocalTest), count(world, Catalogue)) == (3, 1)


def test_what_another_tab_settled_meanwhile_is_looked_at_before_it_is_imported(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = free_file("Code;Libellé;Unité\nNA;Sodium;mmol/L\n")
    address = send(client, (file.name, file.content)).headers["location"]
    fields = fields_of(client.get(address).text)
    swapped = fields | {"f1.c1": fields["f1.c2"], "f1.c2": fields["f1.c1"]}
    looked = routes.look
    tabs: list[int] = []

    def settled_meanwhile(*given: Any) -> Any:
        seen = looked(*given)
        if not tabs:
            tabs.append(client.post(f"{address}/reglages", data=swapped).status_code)
        return seen

    monkeypatch.setattr(routes, "look", settled_meanwhile)
    answer = client.post(f"{address}/confirmer", data=fields)
    assert tabs == [303]
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?verifier=true")
    assert count(world, LocalTest) == 0
    client.post(f"{address}/confirmer", data=fields)
    with reading(world.engine) as session:
        assert session.exec(select(LocalTest.label)).all() == ["Sodium"]


@pytest.mark.parametrize("text", ["\\ud800", "\\u0000"])
def test_json_that_writes_what_no_text_holds_is_refused_when_it_is_sent(
    client: TestClient, world: World, text: str
) -> None:
    content = '{"resourceType":"CodeSystem","status":"active","concept":[{"code":"A","display":"B%s"}]}'
    answer = send(client, ("catalogue.json", (content % text).encode()))
    assert answer.status_code == 422
    assert "la moitié d&#39;un caractère" in answer.text
    assert count(world, UploadDraftFile) == 0
    written = (content % "\\\\u0000").encode()
    assert send(client, ("catalogue.json", written)).status_code == 303, "a backslash is a text"


def test_a_null_character_anywhere_in_a_file_is_refused(client: TestClient, world: World) -> None:
    content = "Code;Libellé\n" + "".join(f"A{row};Analyse\n" for row in range(2000)) + "B;nul\0\n"
    answer = send(client, ("catalogue.csv", content.encode()))
    assert answer.status_code == 422
    assert "ligne 2002 : l&#39;octet n°" in answer.text
    assert "est nul (0x00)" in answer.text


def test_columns_are_settled_by_the_user(client: TestClient, world: World, asked_proposals: list[int]) -> None:
    content = b"repere;texte;mesure\nNA;Sodium;mmol/L\nK;Potassium;g/L\n"
    address = send(client, ("export.csv", content)).headers["location"]
    page = client.get(address)
    assert "aucune colonne n&#39;est désignée pour « Code de l&#39;analyse »" in page.text
    fields = fields_of(page.text)
    assert fields["f1.header"] == "0"
    fields["f1.header"] = "1"
    client.post(f"{address}/reglages", data=fields)
    page = client.get(address)
    fields = fields_of(page.text)
    fields |= {"f1.c0": "code", "f1.c1": "label", "f1.c2": "unit"}
    done = client.post(f"{address}/confirmer", data=fields)
    assert done.headers["location"] == "/catalogues/1"
    with reading(world.engine) as session:
        tests = session.exec(select(LocalTest).order_by(col(LocalTest.position))).all()
        assert [(test.code, test.label, test.unit) for test in tests] == [
            ("NA", "Sodium", "mmol/L"), ("K", "Potassium", "g/L")
        ]  # fmt: skip
        assert session.exec(select(SourceFile)).one().columns == {"code": 0, "label": 1, "unit": 2}


def test_a_field_given_to_two_columns_is_refused(client: TestClient, world: World) -> None:
    address = send(client, ("export.csv", b"code;libelle;unite\nNA;Sodium;mmol/L\n")).headers["location"]
    fields = fields_of(client.get(address).text)
    fields["f1.c2"] = "label"
    answer = client.post(f"{address}/confirmer", data=fields)
    assert answer.status_code == 422
    assert "« Libellé de l&#39;analyse » est donné à deux colonnes." in answer.text
    assert count(world, Catalogue) == 0


def test_another_reading_is_shown_before_it_is_imported(client: TestClient, world: World) -> None:
    content = "Code;Libellé\rNA;Sodium à jeun dosé\r".encode("mac-roman")
    address = send(client, ("export.csv", content)).headers["location"]
    page = client.get(address)
    fields = fields_of(page.text)
    assert "lu en Mac OS Roman, reconnu à ses mots" in page.text
    assert "Sodium à jeun dosé" in page.text
    assert re.search(r"Windows-1252 — «.LibellŽ", page.text), "each encoding shows what it makes of the words"
    fields["f1.encoding"] = "cp850"
    answer = client.post(f"{address}/confirmer", data=fields)
    assert answer.headers["location"] == f"{address}?verifier=true"
    page = client.get(answer.headers["location"])
    assert "La lecture d'un fichier a changé" in page.text
    assert "Les accents vous semblent faux" in page.text
    assert "Sodium à jeun dosé" not in page.text
    assert count(world, Catalogue) == 0


def test_a_file_in_utf_8_but_for_a_line_is_read_and_names_it(client: TestClient, world: World) -> None:
    content = "Code;Libellé\nNA;Sodium prélevé\nK;Protéine\n".encode() + "CL;Créatinine\n".encode("cp1252")
    address = send(client, ("export.csv", content)).headers["location"]
    page = client.get(address)
    assert "Créatinine" in page.text
    assert "1 ligne n&#39;est pas en UTF-8 comme le reste (4)" in page.text
    client.post(f"{address}/confirmer", data=fields_of(page.text))
    with reading(world.engine) as session:
        assert set(session.exec(select(LocalTest.label))) == {"Sodium prélevé", "Protéine", "Créatinine"}


def test_codes_of_several_units_are_said_listed_and_chosen_for(client: TestClient, world: World) -> None:
    content = "code;libelle;unite\nGLU;Glycémie;mmol/L\nGLU;Glycémie;g/L\nNA;Sodium;mmol/L\n".encode()
    address = send(client, ("liste.csv", content)).headers["location"]
    page = client.get(address)
    assert "1 code sert à plusieurs analyses" in page.text
    assert "que si leurs réponses approuvées sont les mêmes" in page.text
    assert re.search(r'value="garder"\s+data-refresh\s+checked', page.text), "nothing waits for a choice"
    assert "3 analyses." in page.text
    listed = client.get(f"{address}/doublons").text.lstrip("\ufeff").splitlines()
    assert [line.split(";")[1:4] for line in listed[1:]] == [["GLU", "2", "unite"], ["GLU", "3", "unite"]]
    fields = fields_of(page.text)
    client.post(f"{address}/reglages", data=fields | {"f1.shared": "premiere"})
    page = client.get(address)
    assert "2 analyses." in page.text
    assert client.post(f"{address}/confirmer", data=fields_of(page.text)).status_code == 303
    with reading(world.engine) as session:
        assert set(session.exec(select(LocalTest.unit))) == {"mmol/L"}
        assert count(world, LocalTest) == 2


def test_codes_in_double_are_chosen_for_and_listed_not_refused(client: TestClient, world: World) -> None:
    rows = ("Code analyse;Libellé analyse;Libellé milieu", "NA;Sodium;Sérum", "NA;Sodium;Urines", "K;Potassium;Sérum")
    content = "\r\n".join(rows)
    address = send(client, ("LOINC_3_a.csv", content.encode())).headers["location"]
    page = client.get(address)
    assert "error-box" not in page.text
    assert "1 code sert à des lignes de contenu différent" in page.text
    assert "Choisissez d'abord ce que deviennent" in page.text
    assert "checked" not in page.text
    fields = fields_of(page.text)
    assert client.post(f"{address}/confirmer", data=fields).status_code == 422
    listed = client.get(f"{address}/doublons").text.lstrip("\ufeff").splitlines()
    assert listed[0].startswith("Fichier;Code en double;Ligne;Colonnes qui diffèrent;Code analyse;")
    assert listed[1] == "LOINC_3_a.csv;NA;2;Libellé milieu;NA;Sodium;Sérum"
    assert len(listed) == 3
    client.post(f"{address}/reglages", data=fields | {"f1.duplicates": "premiere"})
    page = client.get(address)
    assert re.search(r'value="premiere"\s+data-refresh\s+checked', page.text)
    assert "2 analyses." in page.text
    assert client.post(f"{address}/confirmer", data=fields).status_code == 303
    with reading(world.engine) as session:
        assert set(session.exec(select(LocalTest.specimen))) == {"Sérum"}
        assert count(world, LocalTest) == 2


def test_text_that_is_neither_utf_8_nor_windows_is_shown_for_confirmation(client: TestClient) -> None:
    content = "Code;Libellé\nNA;Sodium prélevé, protéine très élevée\nÉ;È\n".encode("cp850")
    address = send(client, ("export.csv", content)).headers["location"]
    page = client.get(address)
    assert "protéine très élevée" in page.text
    assert re.search(r'<option value="cp850"\s+selected', page.text)


def test_an_encoding_that_cannot_be_is_told(client: TestClient) -> None:
    address = send(client, ("export.csv", "code;libelle\nNA;prélevé\n".encode("cp1252"))).headers["location"]
    fields = fields_of(client.get(address).text)
    fields["f1.encoding"] = "utf-8"
    client.post(f"{address}/reglages", data=fields)
    page = client.get(address)
    assert "n&#39;existe pas dans l&#39;encodage UTF-8" in page.text
    fields = fields_of(page.text)
    fields["f1.encoding"] = "cp1252"
    client.post(f"{address}/reglages", data=fields)
    assert "1 analyse." in client.get(address).text


def test_kind_separator_quotes_and_ignored_files(client: TestClient) -> None:
    address = send(client, ("LOINC_3.csv", loinc_3().content), ("LOINC_1.csv", b"code,libelle\nA,B\n")).headers[
        "location"
    ]
    page = client.get(address)
    assert "4 colonnes attendues pour un fichier LOINC_1" in page.text
    fields = fields_of(page.text)
    client.post(f"{address}/reglages", data={**fields, "f2.ignored": "1"})
    page = client.get(address)
    assert "3 analyses." in page.text
    fields = fields_of(page.text)
    fields.pop("f2.ignored")
    client.post(f"{address}/reglages", data={**fields, "f2.kind": "TABULAR", "f1.ignored": "1"})
    page = client.get(address)
    assert "1 analyse." in page.text
    fields = fields_of(page.text)
    client.post(f"{address}/reglages", data={**fields, "f2.delimiter": "barre", "f2.quotes": "none"})
    assert "aucune colonne n&#39;est désignée" in client.get(address).text


def test_another_sheet_can_be_chosen(client: TestClient) -> None:
    workbook = Workbook()
    workbook.active.append(["Code", "Libellé"])
    workbook.active.append(["NA", "Sodium"])
    other = workbook.create_sheet("Autre")
    other.append(["Catalogue"])
    for row in (["Code", "Libellé"], ["K", "Potassium"], ["CL", "Chlore"]):
        other.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    address = send(client, ("a.xlsx", buffer.getvalue())).headers["location"]
    page = client.get(address)
    assert "1 analyse." in page.text
    client.post(f"{address}/reglages", data={**fields_of(page.text), "f1.sheet": "Autre"})
    page = client.get(address)
    assert "2 analyses." in page.text
    assert fields_of(page.text)["f1.header"] == "2"


def test_patients_are_never_kept(client: TestClient, world: World) -> None:
    answer = send(client, ("a.csv", b"NOM;PRENOM;NAISSANCE\nX;Y;Z\n"), name="Mon nom")
    assert answer.status_code == 422
    assert "colonne « PRENOM »" in answer.text
    assert 'value="Mon nom"' in answer.text
    assert count(world, UploadDraftFile) == 0


@pytest.mark.parametrize(
    ("files", "name", "message"),
    [
        ([], "Nom", "Choisissez au moins un fichier."),
        ([("a.csv", b"")], "Nom", "le fichier est vide."),
        ([("a.csv", b"code;libelle\nA;B\n")], " ", "Donnez un nom au nouveau catalogue."),
        ([(f"{n}.csv", b"code;libelle\nA;B\n") for n in range(11)], "Nom", "Pas plus de 10 fichiers à la fois."),
    ],
)
def test_what_cannot_be_sent(client: TestClient, files: list[tuple[str, bytes]], name: str, message: str) -> None:
    answer = send(client, *files, name=name)
    assert answer.status_code == 422
    assert message in answer.text


def test_adding_to_a_catalogue(
    client: TestClient, importer: Importer, world: World, asked_proposals: list[int]
) -> None:
    catalogue = importer(loinc_2()).catalogue_id
    assert "Les examens citent 2 analyses" in client.get(f"/catalogues/{catalogue}").text
    assert "selected" in client.get(f"/laboratoires/1/importer?catalogue={catalogue}").text
    address = send(client, ("LOINC_3.csv", loinc_3().content), catalogue=str(catalogue)).headers["location"]
    page = client.get(address)
    assert "Ajout au catalogue « Essai »" in page.text
    client.post(f"{address}/confirmer", data=fields_of(page.text))
    assert all(known for _, _, known in importer.links(catalogue))
    answer = send(client, ("LOINC_3.csv", loinc_3().content), catalogue=str(catalogue))
    assert "Mise à jour du catalogue « Essai »" in client.get(answer.headers["location"]).text
    other = world.add_catalogue("Ailleurs", world.other_laboratory.id)
    assert send(client, ("a.csv", b"code;libelle\nA;B\n"), catalogue=str(other.id)).status_code == 404


def test_drafts_are_listed_abandoned_and_private(client: TestClient, client_for: ClientFor, world: World) -> None:
    address = send(client, ("export.csv", b"code;libelle\nA;B\n"), name="En cours").headers["location"]
    assert "Reprendre « En cours »" in client.get("/laboratoires/1/importer").text
    assert client_for(BIOLOGIST).get(address).status_code == 404
    assert client_for(OUTSIDER).get(address).status_code == 404
    assert client.post(f"{address}/abandonner").headers["location"] == "/laboratoires/1/importer"
    assert client.get(address).status_code == 404
    assert count(world, UploadDraftFile) == 0


def test_old_drafts_are_forgotten(client: TestClient, world: World) -> None:
    for number in range(5):
        send(client, ("export.csv", b"code;libelle\nA;B\n"), name=f"Essai {number}")
    assert count(world, UploadDraft) == 3


def test_roles(client_for: ClientFor, importer: Importer) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    for email, importing, seeing in (
        (TRANSCODER, 200, 200), (BIOLOGIST, 200, 200), (READER, 403, 200), (OUTSIDER, 404, 404),
        (ADMINISTRATOR, 404, 404),
    ):  # fmt: skip
        person = client_for(email)
        assert person.get("/laboratoires/1/importer").status_code == importing
        assert person.get(f"/catalogues/{catalogue}").status_code == seeing
        assert person.get(f"/catalogues/{catalogue}/fichiers/1").status_code == seeing
    assert "Ajouter ou mettre à jour" not in client_for(READER).get(f"/catalogues/{catalogue}").text


def test_received_files_are_given_back_byte_for_byte(client: TestClient, importer: Importer, world: World) -> None:
    file = loinc_3()
    catalogue = importer(file).catalogue_id
    answer = client.get(f"/catalogues/{catalogue}/fichiers/1")
    assert answer.content == file.content
    assert file.name in answer.headers["content-disposition"]
    assert client.get(f"/catalogues/{catalogue}/fichiers/99").status_code == 404
    other = world.add_catalogue("Autre")
    assert client.get(f"/catalogues/{other.id}/fichiers/1").status_code == 404


def test_an_empty_catalogue_says_so(client: TestClient, world: World) -> None:
    catalogue = world.add_catalogue()
    assert "Ce catalogue est vide." in client.get(f"/catalogues/{catalogue.id}").text


def test_a_failed_search_is_never_shown_as_no_proposal(client: TestClient, importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    with transaction(world.engine) as session:
        release = LoincRelease(version="2.80", kind="official")
        session.add(release)
        session.flush()
        for status, is_current in ((RunStatus.DONE, True), (RunStatus.FAILED, False)):
            session.add(
                ProposalRun(
                    catalogue_id=catalogue, release_id=release.id, engine_version="1", status=status,
                    message="Mémoire insuffisante.", is_current=is_current,
                )
            )  # fmt: skip
        session.add(Job(kind="proposals", laboratory_id=1, catalogue_id=catalogue, status=JobStatus.FAILED))
    page = client.get(f"/catalogues/{catalogue}").text
    assert "La dernière recherche a échoué" in page
    assert page.count("Mémoire insuffisante.") == 1
    assert "Les propositions montrées sont celles du" in page


def test_jobs_are_followed_on_the_overview(client: TestClient, importer: Importer, world: World) -> None:
    catalogue = importer(loinc_3()).catalogue_id
    with transaction(world.engine) as session:
        job = Job(kind="import", laboratory_id=1, catalogue_id=catalogue, status=JobStatus.RUNNING, done=1, total=4)
        session.add(job)
    page = client.get(f"/catalogues/{catalogue}").text
    assert f'data-address="/travaux/{job.id}/etat"' in page
    assert "Relancer la recherche" not in page
    with transaction(world.engine) as session:
        job.status, job.message = JobStatus.FAILED, "Le disque est plein."
        session.add(job)
    page = client.get(f"/catalogues/{catalogue}").text
    assert "Le disque est plein." in page
    assert f'href="/travaux/{job.id}"' in page


def test_an_import_overtaken_by_another_fails_and_says_why(
    client: TestClient, importer: Importer, world: World
) -> None:
    catalogue = importer(loinc_2()).catalogue_id
    send(client, ("LOINC_3.csv", loinc_3().content), catalogue=str(catalogue))
    importer(loinc_3(), catalogue_id=catalogue)
    settings = client.app.state.settings
    with pytest.raises(ImportRefusedError, match="contient déjà"):
        run_import(world.engine, settings, 1, {"draft_id": 1}, lambda *_: None)
    assert count(world, UploadDraft) == 1
    with pytest.raises(NotFoundError, match="ne sont plus là"):
        run_import(world.engine, settings, 1, {"draft_id": 99}, lambda *_: None)


def test_a_free_catalogue_keeps_its_guessed_columns(client: TestClient, importer: Importer) -> None:
    file = free_file("Code;Libellé;Unité\nNA;Sodium;mmol/L\n")
    address = send(client, (file.name, file.content)).headers["location"]
    fields = fields_of(client.get(address).text)
    assert [fields[f"f1.c{number}"] for number in range(3)] == ["code", "label", "unit"]


def test_cells_that_a_spreadsheet_changed_are_named_and_listed_before_the_import(
    client: TestClient, world: World
) -> None:
    rows = [["Code", "Libellé", "Unité"], [1.5, "Sodium", "mmol/L"], ["0126", "TP", "%"], [57, "TCA", "s"]]
    address = send(client, ("catalogue.xlsx", xlsx({"Catalogue": rows}))).headers["location"]
    page = client.get(address).text
    assert "ligne 2, colonne « Code » : le tableur en a fait un nombre à virgule" in page
    assert "semblent perdus (code plus court que les autres) : ligne 4 (« 57 »)" in page
    assert "Un tableur a changé 2 cellules de ce fichier" in page
    listed = client.get(f"{address}/cellules").text.lstrip("\ufeff").splitlines()
    assert listed[0] == "Fichier;Ligne;Colonne;Cellule;Constat;Empêche l'import"
    assert listed[1].startswith("catalogue.xlsx;2;Code;1.5;")
    assert listed[1].endswith(";oui")
    assert listed[2].startswith("catalogue.xlsx;4;Code;57;")
    assert listed[2].endswith(";non")
    assert client.post(f"{address}/confirmer", data=fields_of(page)).status_code == 422
    assert count(world, LocalTest) == 0
