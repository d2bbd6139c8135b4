"""The pack of a sign-off is made again to the byte after new exports, decisions, names and releases, or is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

import app.claims.cli
from app.audit.erasing import erase
from app.claims.pack import Pack, make_pack
from app.claims.verification import verify_pack
from app.claims.versions import Asked
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.files.choices import IncomingFile
from app.laboratories.service import change_laboratory
from app.models import Action, CatalogueChange, Decision, LocalTest, LoincRelease, LoincTerm, SourceFile, utc_now
from app.platform.database import Transactions, transaction
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.tallies.rebuilding import bring_up
from app.terminology.grace import set_last_day
from app.versions import service as versions
from tests.app.catalogues.conftest import Importer
from tests.app.claims.forging import opened
from tests.app.claims.test_cli import ended
from tests.app.console.conftest import RunMain, run_main
from tests.app.exports.sample import CREATININE, LOINC_1, LOINC_2, LOINC_3, POTASSIUM, TSH, Sample
from tests.app.reimport.updates import update
from tests.app.versions.conftest import Signing
from tests.conftest import ADMINISTRATOR, BIOLOGIST, TRANSCODER, ClientFor

__all__ = ["run_main"]
pytestmark = pytest.mark.filterwarnings("error")


@dataclass
class Signable:
    """The sample catalogue, as the page of signatures sees it."""

    sample: Sample
    settings: Settings

    @property
    def engine(self) -> Engine:
        return self.sample.world.engine

    @property
    def catalogue_id(self) -> int:
        return self.sample.catalogue_id

    @property
    def base(self) -> str:
        return f"/catalogues/{self.catalogue_id}"

    def access(self, email: str = TRANSCODER) -> CatalogueAccess:
        return self.sample.world.catalogue_access(email, self.sample.catalogue)


@dataclass
class Signed:
    """The decided sample, whose first version is signed."""

    sample: Sample
    signing: Signing
    folder: Path
    count: int = 0

    def pack(self, **asked: Any) -> tuple[bytes, Pack]:
        self.count += 1
        path = self.folder / f"{self.count}.zip"
        world = self.sample.world
        pack = make_pack(
            Transactions(world.engine), self.signing.desk.settings, world.laboratory, self.sample.catalogue,
            lambda file, _pack: path.write_bytes(file.read_bytes()), asked=Asked(without_pdf=True, **asked),
        )  # fmt: skip
        verify_pack(path, pack.fingerprint)
        return path.read_bytes(), pack

    def contents(self) -> dict[str, bytes]:
        """What the last pack holds."""
        return opened(self.folder / f"{self.count}.zip")

    def bring_up(self) -> None:
        bring_up(self.sample.world.engine, self.sample.catalogue_id)

    def update(self, *files: tuple[str, str]) -> None:
        """Newer exports."""
        received = [IncomingFile(name, text.encode()) for name, text in files]
        update(Importer(self.sample.world), self.sample.catalogue_id, *received)
        self.bring_up()


@pytest.fixture
def signed(decided: Sample, settings: Settings, client_for: ClientFor, tmp_path: Path) -> Signed:
    desk: Any = Signable(decided, settings)
    found = Signed(decided, Signing(desk, client_for), tmp_path)
    found.bring_up()
    found.signing.sign()
    return found


NEWER_3 = (
    LOINC_3.replace("NA;SODIUM;", "NA;SODIUM SANGUIN;").replace("K;POTASSIUM", "K;KALIEMIE")
    .replace("GLY;GLYCÉMIE à jeun;;;U1;mmol/L", "GLY;GLYCÉMIE à jeun;;;U9;g/L")
    .replace("RARE;DOSAGE RARE", "NEUF;DOSAGE NEUF")
)  # fmt: skip
NEWER_2 = (
    "\r\n".join([LOINC_2.split("\r\n")[0], *reversed(LOINC_2.strip().split("\r\n")[1:])]).replace(
        "IONO;IONOGRAMME;;BIO;ION;Sérum;1610;NA;SODIUM", "IONO;IONOGRAMME;;SER;AUT;Sérum;1610;CREA;CREATININE"
    )
    + "\r\n"
)
NEWER_1 = LOINC_1.replace("BIO;Biochimie;", "BIO;Biochimie générale;")


def newer_files(signed: Signed) -> None:
    signed.update(
        ("LOINC_1_export_chapitres_20261201.csv", NEWER_1), ("LOINC_2_export_demandes_20261201.csv", NEWER_2),
        ("LOINC_3_export_resultats_20261201.csv", NEWER_3),
    )  # fmt: skip


def same_file_again(signed: Signed) -> None:
    signed.update(("LOINC_3_export_resultats_20261201.csv", LOINC_3))


def newer_then_as_before(signed: Signed) -> None:
    newer_files(signed)
    signed.update(("LOINC_3_export_resultats_20261202.csv", LOINC_3))


def decisions(signed: Signed) -> None:
    sample = signed.sample
    sample.approve("K", POTASSIUM)
    sample.choose("NA", POTASSIUM, comment="relu")
    sample.act(sample.test_id("GLY"), Action.SEND_BACK, email=BIOLOGIST, reason="unité")
    signed.bring_up()


def other_names(signed: Signed) -> None:
    world = signed.sample.world
    with transaction(world.engine) as session:
        laboratory = session.merge(world.laboratory)
        for name in ("Laboratoire du Bois", "Laboratoire du Lac"):
            change_laboratory(session, laboratory, name=name, finess="750000001", sgl_name="Autre SGL",
                              canonical_url="https://lbm.exemple.fr")  # fmt: skip


def newer_release(signed: Signed) -> None:
    world = signed.sample.world
    with transaction(world.engine) as session:
        old = session.get_one(LoincRelease, signed.sample.release.id)
        old.is_current = False
        session.flush()
        new = LoincRelease(version="2.99", kind="official", is_current=True)
        session.add(new)
        session.flush()
        for term in session.exec(select(LoincTerm).where(LoincTerm.release_id == old.id)).all():
            values = term.model_dump(exclude={"id", "release_id"}) | {"status": "DEPRECATED"}
            session.add(LoincTerm(**values, release_id=new.id))
        versions.record(session, "terminology.make_current", actor=None, object_type="loinc_release",
                        object_id=new.id, version="2.99", previous=old.version)  # fmt: skip
        set_last_day(session, (utc_now() - timedelta(days=30)).date(), world.users[ADMINISTRATOR])
    signed.bring_up()


@pytest.mark.parametrize(
    "change", [newer_files, same_file_again, newer_then_as_before, decisions, other_names, newer_release]
)
def test_the_last_sign_off_is_given_to_the_byte_whatever_changed(
    signed: Signed, change: Callable[[Signed], None]
) -> None:
    before, first = signed.pack()
    assert (first.version, first.is_signed, first.changes_since) == (1, True, 0)
    (signature,) = signed.signing.signatures()
    assert first.stated_at == signature.signed_at
    assert "rien n’a changé depuis" in first.sentence
    change(signed)
    again, pack = signed.pack()
    kept = signed.contents()
    assert again == before, [name for name in kept if kept[name] != opened(signed.folder / "1.zip").get(name)]
    assert pack.changes_since > 0 or change in (same_file_again, other_names, newer_release)
    assert (pack.changes_since > 0) is ("n’y " in pack.sentence)
    today, draft = signed.pack(draft=True)
    assert not draft.is_signed
    assert draft.label.startswith("PROJET")
    assert today != before


def test_an_earlier_version_is_given_by_its_number(signed: Signed) -> None:
    before, _ = signed.pack()
    signed.sample.approve("K", POTASSIUM)
    newer_files(signed)
    signed.sample.approve("CREA", CREATININE)
    signed.bring_up()
    signed.signing.sign()
    second, pack = signed.pack()
    assert pack.version == 2
    assert signed.pack(version=1)[0] == before
    assert signed.pack(version=2)[0] == second
    with pytest.raises(NotFoundError, match=r"Versions entières de ce catalogue : 1, 2\."):
        signed.pack(version=3)
    with pytest.raises(InvalidInputError, match="pas les deux"):
        signed.pack(version=1, draft=True)
    # A version whose signature was withdrawn is given no more.
    desk = signed.signing.desk
    with transaction(desk.engine) as session:
        versions.withdraw(session, desk.access(BIOLOGIST), signed.signing.signatures()[-1].public_id, "erreur")
    assert signed.pack()[0] == before
    with pytest.raises(NotFoundError, match=r"entières de ce catalogue : 1\."):
        signed.pack(version=2)


def test_a_sign_off_in_parts_is_of_the_moment_that_made_it_whole(signed: Signed) -> None:
    signed.sample.approve("TSH", TSH)
    signed.sample.approve("K", POTASSIUM)
    signed.bring_up()
    names = sorted({chapter.name for chapter in signed.signing.signatures()[0].chapters})
    signed.signing.sign(names[0])
    assert signed.pack()[1].version == 1, "the second version is not whole yet"
    last = signed.signing.sign(*names[1:])
    before, pack = signed.pack()
    assert (pack.version, pack.stated_at) == (2, last.signed_at)
    other_names(signed)
    newer_files(signed)
    assert signed.pack()[0] == before


def test_what_cannot_be_made_again_is_refused(signed: Signed) -> None:
    signed.pack()
    world = signed.sample.world
    with transaction(world.engine) as session:
        said = session.exec(select(Decision).where(Decision.comment != "").order_by(col(Decision.id))).first()
        assert said is not None
        erase(session, "decision", said.id or 0, "comment", reason="nom d'un patient", actor=None)
    with pytest.raises(ConflictError, match=r"version 1 ne peut pas être refait : un texte de cet état a été effacé"):
        signed.pack()
    assert not signed.pack(draft=True)[1].is_signed


def test_a_value_of_then_that_is_not_kept_is_refused(signed: Signed) -> None:
    with transaction(signed.sample.world.engine) as session:
        file = session.exec(select(SourceFile.id)).first()
        session.add(CatalogueChange(
            catalogue_id=signed.sample.catalogue_id, local_test_id=signed.sample.test_id("NA"),
            source_file_id=file or 0, kind="changed", field="synonym", old="x" * 1999 + "…", new="",
        ))  # fmt: skip
    with pytest.raises(ConflictError, match="trop longue pour être gardée"):
        signed.pack()


def test_a_state_that_its_signature_contradicts_is_refused(signed: Signed) -> None:
    """A label rewritten where no fact tells it."""
    with transaction(signed.sample.world.engine) as session:
        session.get_one(LocalTest, signed.sample.test_id("NA")).label = "AUTRE"
    with pytest.raises(ConflictError, match="pas, mot pour mot, celui qui fut signé"):
        signed.pack()


@pytest.mark.only("sqlite", "what a command says, whatever the database")
def test_the_command_says_which_version_it_gives(
    signed: Signed, run_main: RunMain, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, settings = signed.sample.world.engine, signed.signing.desk.settings
    monkeypatch.setattr(app.claims.cli, "get_settings", lambda: settings)
    monkeypatch.setattr(app.claims.cli, "open_ready", lambda _settings: engine)
    first, _ = signed.pack()
    signed.sample.approve("K", POTASSIUM)
    signed.bring_up()
    target = signed.folder / "commande.zip"

    def run(*more: str) -> tuple[int, str]:
        catalogue = str(signed.sample.catalogue_id)
        asked = ("evidence", "--catalogue", catalogue, "-o", str(target), "--without-pdf", *more)
        code, _, err = ended(run_main, *asked)
        return code, err

    for asked in ((), ("--version", "1")):
        code, err = run(*asked)
        assert (code, target.read_bytes()) == (0, first)
        assert err.startswith("Version 1, signée le ")
        assert "2 changements faits depuis n’y sont pas (décisions, nouveaux exports)." in err
        assert "Absent du dossier : rapport/rapport.pdf" in err
    code, err = run("--draft")
    assert code == 0
    assert err.startswith("PROJET : modifiée depuis la version 1 ; le dossier dit l’état du jour.")
    assert target.read_bytes() != first
    assert run("--version", "9") == (1, (
        "Erreur : La version 9 n’est pas signée en entier, ou une de ses signatures a été retirée : aucun dossier n’en "
        "est donné. Versions entières de ce catalogue : 1.\n"
    ))  # fmt: skip
    # Nothing approved changed: the state of the day is a draft all the same.
    signed.signing.sign()
    code, err = run("--draft")
    assert err.startswith("PROJET : état du jour, rien d’approuvé n’a changé depuis la version 2")
    code, out, _ = ended(run_main, "verify-pack", str(target))
    assert code == 0
    assert "PROJET : état du jour" in out
    assert "Absent du dossier : rapport/rapport.pdf" in out


def test_the_page_says_which_version_is_given_and_gives_the_one_that_is_chosen(
    signed: Signed, client_for: ClientFor
) -> None:
    decisions(signed)
    client, base = client_for(BIOLOGIST), signed.signing.desk.base
    page = client.get(f"{base}/exports").text
    assert "Version 1, signée le" in page
    assert "changements faits depuis n’y sont pas (décisions, nouveaux exports)" in page
    assert "État du jour (projet)" in page
    for state, name in (("", "version_1"), ("1", "version_1"), ("jour", "PROJET")):
        answer = client.post(f"{base}/dossier", data={"etat": state, "sans_pdf": "oui"})
        assert answer.status_code == 303
        assert f"dossier_catalogue_{signed.sample.catalogue_id}_{name}_" in client.get(answer.headers["location"]).text
    assert client.post(f"{base}/dossier", data={"etat": "7"}).status_code == 404
    assert client.post(f"{base}/dossier", data={"etat": "²"}).status_code == 422
