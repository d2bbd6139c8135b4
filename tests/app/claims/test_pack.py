"""A pack: what it holds, that the same facts give the same bytes, and who may have it."""

import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
from html import unescape
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlmodel import col, select

import app.claims.pack
from app.audit.erasing import erase
from app.audit.labels import ACTION_LABELS
from app.audit.service import record
from app.claims.chain_files import LINKS
from app.claims.figures_files import LINES
from app.claims.pack import NO_PDF_ASKED, REPORT_PDF, make_pack
from app.claims.tables import csv_bytes
from app.claims.verification import verify_pack
from app.claims.versions import Asked
from app.errors import ConflictError
from app.exports.original import FORMULA_STARTERS
from app.exports.schemas import ExportKind
from app.exports.service import ExportRequest, make_export
from app.models import Action, AuditEvent, Decision, Level, ReadingRequest
from app.platform import chain
from app.platform.database import Transactions, for_reading, make_engine, reading, transaction
from app.reports.pdf import NO_LIBRARY
from app.settings import Settings
from app.upkeep import transfer
from loinc_data.notice import LOINC_NOTICE
from tests import postgresql
from tests.app.claims.conftest import Make
from tests.app.claims.forging import opened
from tests.app.exports.sample import SODIUM, Sample, add_sample, ans_files
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

FIXED = [
    "LISEZMOI.txt", "LOINC_short_license.txt", "SHA256SUMS", "attestation.html", "attestation.txt",
    "chaine/faits.jsonl", "chaine/maillons.jsonl", "chaine/sels.csv", "chaine/tetes.json", "chiffres/chapitres.csv",
    "chiffres/indicateurs.csv", "chiffres/lignes.csv", "contenu/transcodage.jsonl", "couverture/chapitres.csv",
    "couverture/hors-perimetre.csv", "couverture/indicateurs.csv", "couverture/rapport.json",
    "couverture/sans-code.csv", "faits/changes.csv", "faits/codes.csv", "faits/decisions.csv",
    "faits/definitions.csv", "faits/exams.csv", "faits/grace.csv", "faits/people.csv", "faits/readings.csv",
    "faits/reconciliations.csv", "faits/releases.csv", "faits/rows.csv", "faits/signatures.csv", "faits/state.csv",
    "journal/journal.csv",
    "manifest.json", "rapport/lignes.csv", "rapport/rapport.html",
]  # fmt: skip
NEVER_SAID = ("certifi", "référencé", "signature électronique")


def look_and_download(sample: Sample, settings: Settings) -> None:
    """What changes no fact: an export, a download, somebody who signs in."""
    world = sample.world
    make_export(Transactions(world.engine), settings, world.laboratory, sample.catalogue,
                ExportRequest(ExportKind.LOINC_6), world.users[BIOLOGIST])  # fmt: skip
    with transaction(world.engine) as session:
        for action in ("file.download", "session.open", "access.refuse"):
            record(session, action, object_type="catalogue", object_id=sample.catalogue_id,
                   laboratory_id=world.laboratory_id, catalogue_id=sample.catalogue_id)  # fmt: skip


def test_the_same_facts_give_the_same_bytes_whatever_was_looked_at(
    decided: Sample, make: Make, settings: Settings
) -> None:
    first, told = make(decided)
    look_and_download(decided, settings)
    second, again = make(decided, decided.world.users[BIOLOGIST])
    assert first.read_bytes() == second.read_bytes()
    assert told.fingerprint == again.fingerprint == hashlib.sha256(first.read_bytes()).hexdigest()
    verdict = verify_pack(first, told.fingerprint)
    assert verdict.figures[0].figure.percent == "33,33"
    decided.approve("CREA", "14682-9")
    third, other = make(decided)
    assert other.fingerprint != told.fingerprint
    assert verify_pack(third).figures[0].figure.percent == "50,00"


def test_it_holds_what_it_says(decided: Sample, make: Make) -> None:
    path, _ = make(decided)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    contents = opened(path)
    exports = [name for name in contents if name.startswith("exports/")]
    assert sorted(set(contents) - set(exports)) == sorted(FIXED)
    assert [re.sub(r"\d{8}", "J", name) for name in exports] == [
        "exports/PROJET_ConceptMap_LOINC_CatalogueGeneral_J.json",
        "exports/PROJET_ConceptMap_R5_LOINC_CatalogueGeneral_J.json",
        "exports/PROJET_LOINC_4_transcodage_chapitres_J.csv",
        "exports/PROJET_LOINC_5_transcodage_demandes_J.csv",
        "exports/PROJET_LOINC_6_transcodage_demandes_J.csv",
    ]
    for name, content in contents.items():
        said = content.decode("utf-8").lower()
        assert [word for word in NEVER_SAID if word in said] == [], name
    attestation = contents["attestation.txt"].decode("utf-8-sig")
    assert "Laboratoire : Laboratoire du Parc" in attestation
    assert "Béatrice Biologiste : 5 lignes" in attestation
    assert "Signature : …" in attestation
    assert " ".join(LOINC_NOTICE.split()) in " ".join(attestation.split())
    # A table of figures that is opened alone, or cut out, says that it is a draft.
    for name in (name for name in contents if name.startswith("chiffres/")):
        lines = contents[name].decode("utf-8-sig").splitlines()
        assert [line for line in lines[1:] if not line.endswith(";PROJET : aucune version signée")] == [], name
    for name in ("chiffres/lignes.csv", "faits/codes.csv", "rapport/lignes.csv", "rapport/rapport.html"):
        assert " ".join(LOINC_NOTICE.split()) in " ".join(unescape(contents[name].decode("utf-8-sig")).split()), name
    # Whoever reads the attestation alone reads what each other figure counts.
    others = attestation.split("Les autres définitions", 1)[1].split("Biologistes qui", 1)[0]
    assert others.count("divisé par") == others.count("80 % atteint") > 0
    assert "@" not in contents["faits/people.csv"].decode(), "names, and no addresses"


def test_the_report_in_pdf_has_the_same_bytes_and_is_in_the_manifest(decided: Sample, make: Make) -> None:
    path, pack = make(decided, with_pdf=True)
    assert make(decided, with_pdf=True)[1].fingerprint == pack.fingerprint
    contents = opened(path)
    said = json.loads(contents["manifest.json"])
    assert said["absent"] == {}
    (line,) = [line for line in said["files"] if line["name"] == REPORT_PDF]
    assert line["sha256"] == hashlib.sha256(contents[REPORT_PDF]).hexdigest()
    # The fonts of the application, and no other: what the machine has changes nothing.
    reader = PdfReader(io.BytesIO(contents[REPORT_PDF]))
    resources = [page["/Resources"]["/Font"] for page in reader.pages]
    fonts = {str(font.get_object()["/BaseFont"]) for found in resources for font in found.values()}
    assert fonts
    assert all("+Rapport-" in name for name in fonts), fonts
    assert [page for page in reader.pages if "PROJET" not in page.extract_text()] == []


def test_without_pdf_the_manifest_says_so(decided: Sample, make: Make) -> None:
    path, pack = make(decided)
    assert json.loads(opened(path)["manifest.json"])["absent"] == {REPORT_PDF: NO_PDF_ASKED}
    assert pack.absent == (f"{REPORT_PDF} : {NO_PDF_ASKED}",)
    verify_pack(path)


def test_a_machine_that_makes_no_pdf_refuses_and_says_how_to_do_without(
    decided: Sample, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_html: str) -> bytes:
        raise ConflictError(NO_LIBRARY)

    monkeypatch.setattr(app.claims.pack, "pdf_of", fail)
    with pytest.raises(ConflictError, match=r"Pango.*Rien n'a été produit.*--without-pdf"):
        make(decided, with_pdf=True)
    with reading(decided.world.engine) as session:
        assert session.exec(select(AuditEvent).where(AuditEvent.action == "evidence.create")).first() is None
    verify_pack(make(decided)[0])


def test_the_fingerprint_is_journaled(decided: Sample, make: Make) -> None:
    _, pack = make(decided)
    with reading(decided.world.engine) as session:
        events = session.exec(select(AuditEvent).where(AuditEvent.action == "evidence.create")).all()
    assert [event.details["sha256"] for event in events] == [pack.fingerprint]
    assert events[0].laboratory_id == decided.world.laboratory_id
    assert "evidence.create" in ACTION_LABELS


def test_a_pack_that_cannot_be_delivered_is_not_journaled(decided: Sample, settings: Settings) -> None:
    def fail(_path: Path, _pack: object) -> None:
        raise OSError(28, "No space left on device", "/dev/full")

    world = decided.world
    with pytest.raises(OSError, match="No space"):
        make_pack(Transactions(world.engine), settings, world.laboratory, decided.catalogue, fail)
    with reading(world.engine) as session:
        assert session.exec(select(AuditEvent).where(AuditEvent.action == "evidence.create")).first() is None


def formula_value(formula: str, lines: list[list[str]]) -> str:
    """What a spreadsheet gives for a formula of the instructions: sums of whole columns, a division, a floor."""
    found = re.fullmatch(r"=ENT\(10000\*SOMME\((\w+):\1\)/SOMME\((\w+):\2\)\)/100", formula)
    assert found, formula

    def column_sum(letters: str) -> int:
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - 64
        # A spreadsheet adds up numbers, and leaves texts.
        return sum(int(line[place - 1]) for line in lines if line[place - 1].isdigit())

    top, bottom = column_sum(found[1]), column_sum(found[2])
    return f"{int(10000 * (top / bottom)) / 100:.2f}".replace(".", ",") if bottom else "division par zéro"


def test_the_instructions_are_executed(decided: Sample, make: Make, tmp_path: Path) -> None:
    path, pack = make(decided)
    folder = tmp_path / "ouvert"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    readme = (folder / "LISEZMOI.txt").read_text("utf-8-sig")
    for command in ("sha256sum -c SHA256SUMS", "sha256sum DOSSIER.zip"):
        assert f"   {command}\n" in readme.replace("\r", "")
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(opened(path)) - 1
    whole = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True)
    assert whole.stdout.split()[0] == pack.fingerprint
    (folder / "faits/rows.csv").write_bytes(b"x")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True).returncode == 1
    lines = list(csv.reader(io.StringIO((folder / LINES).read_bytes().decode("utf-8-sig"), newline=""), delimiter=";"))
    told = re.findall(r"   (=ENT.*)\r?\n +résultat : ([0-9,]+|division par zéro)", readme)
    assert len(told) == 6
    # The formulas name no sheet: they hold on that of the rows alone, and beside the columns that they add up.
    assert "Dans cette même feuille, dans une cellule vide à droite" in " ".join(readme.split())
    assert told[0][1] == "33,33"
    for formula, result in told:
        assert formula_value(formula, lines[1:]) == result
    # Each link is the SHA-256 of its line; the last is the head that the attestation prints.
    previous = "0" * 64
    for line in (folder / LINKS).read_bytes().splitlines():
        assert f'"previous_hash":"{previous}"'.encode() in line
        hashed = subprocess.run(["sha256sum"], input=line, capture_output=True, check=True)
        previous = hashed.stdout.split()[0].decode()
    assert f"empreinte {previous}" in (folder / "attestation.txt").read_text("utf-8-sig")


def test_an_erased_text_is_in_no_pack_and_the_pack_verifies(decided: Sample, make: Make) -> None:
    before, _ = make(decided)
    assert b"aucun terme" in before.read_bytes()
    with transaction(decided.world.engine) as session:
        said = session.exec(select(Decision).where(Decision.reason == "aucun terme")).one()
        erase(session, "decision", said.id or 0, "reason", reason="nom d'un patient", actor=None)
        for event in session.exec(select(AuditEvent).where(col(AuditEvent.action) == "decision.no_loinc")):
            erase(session, "audit_event", event.id or 0, "details", reason="nom d'un patient", actor=None)
    after, _ = make(decided)
    assert b"aucun terme" not in after.read_bytes()
    verify_pack(after)


def test_who_may_still_read_blind_has_no_pack(decided: Sample, make: Make) -> None:
    """A second reading is asked of a row that the transcoder never saw: the pack would show it to her."""
    world, exam = decided.world, decided.test_id("IONO", Level.EXAM)
    decided.act(exam, Action.CHOOSE, email=BIOLOGIST, loinc_num=SODIUM)
    with transaction(world.engine) as session:
        fact = session.exec(select(Decision).where(Decision.local_test_id == exam)).one()
        session.add(
            ReadingRequest(
                catalogue_id=decided.catalogue_id, local_test_id=exam, decision_id=fact.id or 0, discipline="chimie",
                origin="share",
            )
        )  # fmt: skip
    with pytest.raises(ConflictError, match="à l’aveugle"):
        make(decided, world.users[TRANSCODER])
    assert make(decided, world.users[BIOLOGIST])[1].fingerprint == make(decided)[1].fingerprint


@pytest.mark.only("sqlite", "copied to a server within the test")
def test_both_databases_give_the_same_bytes(
    decided: Sample, make: Make, settings: Settings, empty_on_server: postgresql.Reused, tmp_path: Path
) -> None:
    world = decided.world
    path, pack = make(decided)
    server = make_engine(empty_on_server.fresh())
    try:
        with for_reading(world.engine).connect() as source, chain.copying(server).begin() as target:
            transfer.copy_rows(source, target)
            transfer.advance_sequences(target)
        other = tmp_path / "serveur.zip"
        again = make_pack(Transactions(server), settings, world.laboratory, decided.catalogue,
                          lambda file, _pack: other.write_bytes(file.read_bytes()),
                          asked=Asked(without_pdf=True))  # fmt: skip
    finally:
        server.dispose()
    assert other.read_bytes() == path.read_bytes()
    assert again.fingerprint == pack.fingerprint


def test_the_button_prepares_it_and_it_is_the_same(decided: Sample, make: Make, client_for: ClientFor) -> None:
    expected, pack = make(decided, with_pdf=True)
    base = f"/catalogues/{decided.catalogue_id}"
    biologist = client_for(BIOLOGIST)
    assert f'action="{base}/dossier"' in biologist.get(f"{base}/exports").text
    answer = biologist.post(f"{base}/dossier")
    assert answer.headers["location"] == f"{base}/fichiers-prepares"
    page = biologist.get(f"{base}/fichiers-prepares").text
    assert pack.name in page
    found = re.search(rf'href="({base}/fichiers-prepares/\d+)"', page)
    assert found
    assert biologist.get(found[1]).content == expected.read_bytes()
    assert client_for(READER).post(f"{base}/dossier").status_code == 403
    assert f'action="{base}/dossier"' not in client_for(READER).get(f"{base}/exports").text
    assert client_for(OUTSIDER).post(f"{base}/dossier").status_code == 404


def test_a_catalogue_without_terminology_is_refused(sample: Sample, make: Make) -> None:
    with sample.together() as session:
        sample.release.is_current = False
        session.merge(sample.release)
    with pytest.raises(ConflictError, match="Aucune version de LOINC"):
        make(sample)


def test_what_cannot_be_exported_is_named(world: World, make: Make) -> None:
    """LOINC_1 was never received: there is no LOINC_4 to give."""
    sample = add_sample(world, ans_files()[1:])
    sample.approve("NA", SODIUM)
    path, pack = make(sample)
    contents = opened(path)
    told, _ = pack.absent
    assert told.startswith("loinc_4 : ")
    assert f"Absent du dossier : {told}" in contents["LISEZMOI.txt"].decode("utf-8-sig")
    assert not any("LOINC_4" in name for name in contents)
    verify_pack(path)


def test_texts_of_every_sort_come_back_as_they_were(decided: Sample, make: Make) -> None:
    odd = "=1+1;\"x\"\r\n'déjà\u2028\tfin"
    decided.choose("CREA", SODIUM, comment=odd, justification="'apostrophe")
    path, _ = make(decided)
    lines = csv.DictReader(io.StringIO(opened(path)["faits/decisions.csv"].decode("utf-8-sig"), newline=""),
                           delimiter=";")  # fmt: skip
    (found,) = [line for line in lines if line["comment"] and "déjà" in line["comment"]]
    assert found["comment"] == f"'{odd}"
    assert found["justification"] == "''apostrophe"
    verify_pack(path)


@pytest.mark.parametrize("start", [*FORMULA_STARTERS, "'"])
def test_no_cell_of_the_facts_is_taken_for_a_formula(start: str) -> None:
    said = f"{start}1+1"
    content = csv_bytes(["titre"], [[said]])
    ((_,), (cell,)) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert cell == f"'{said}"
