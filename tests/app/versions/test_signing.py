"""Signing chapters: what is kept, who may, what is refused, and what makes a new version."""

import hashlib
import zlib

import pytest
from sqlmodel import col, select

from app.models import AuditEvent, LoincRelease, SignOff, User
from app.platform.database import reading, transaction
from app.versions.canonical import content_sha256, read_content
from app.versions.wording import sentence_of
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.app.versions.conftest import FINESS_EJ, OTHER_RPPS, RPPS, Approved, Signing, seen_in
from tests.conftest import BIOLOGIST, NAMES, READER, TRANSCODER


def test_everything_that_was_signed_is_kept(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signature = signing.sign()
    assert (signature.version, signature.completes, signature.holds) == (1, True, True)
    who = (signature.signer_name, signature.title, signature.rpps)
    assert who == (NAMES[BIOLOGIST], "biologiste responsable", RPPS)
    assert [(item.name, item.rows, item.approved) for item in signature.chapters] == [("Biochimie", 2, 1)]
    assert signature.sentence.startswith(f"Je soussigné(e) {who[0]}, {who[1]}, RPPS {who[2]}, ai relu et valide ")
    assert signature.content_sha256 in signature.sentence
    assert "1 ligne de ces chapitres, non approuvée, n’est pas couverte" in signature.sentence
    assert signature.proof == "password"
    figure = signature.coverage[0]
    assert (figure["numerator"], figure["denominator"]) == (1, 5)
    assert figure["definition"].startswith("Nombre d'analyses approuvées")
    with reading(desk.engine) as session:
        stored = session.exec(select(SignOff)).one()
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "mapping.sign")).one()
    content = zlib.decompress(stored.content)
    assert content_sha256(content) == signature.content_sha256
    assert hashlib.sha256(stored.content).hexdigest() == stored.compressed_sha256
    release, rows = read_content(content)
    assert release == desk.release.version
    assert [(row.code, row.status, row.loinc_num) for row in rows] == [("GLU", "", ""), ("NA", "approved", "2951-2")]
    assert rows[1].approved_by == desk.world.users[BIOLOGIST].public_id
    assert event.details["sha256"] == signature.content_sha256
    assert (event.object_id, event.details["mapping_version"]) == (str(signature.id), 1)


def test_several_biologists_sign_their_chapters(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    approved(desk.strip)
    assert signing.state().label == "PROJET : aucune version signée"
    signing.sign("Biochimie")
    state = signing.state()
    assert (state.number, state.is_signed, state.is_whole) == (1, False, False)
    assert state.label == "PROJET : version 1 signée en partie (1 sur 2 chapitres)"
    signing.sign("Urines", email=SECOND_BIOLOGIST, rpps=OTHER_RPPS)
    state = signing.state()
    assert (state.number, state.is_signed, state.is_whole) == (1, True, True)
    assert state.label.startswith("Version 1, signée le ")
    assert state.label.endswith(f"par {NAMES[BIOLOGIST]}, Bruno Biologiste")
    assert len(state.signatures) == 2


def test_a_later_approval_makes_a_new_version_and_leaves_the_signed_one(
    signing: Signing, desk: Desk, approved: Approved
):
    approved(desk.sodium)
    first = signing.sign()
    approved(desk.glucose)
    state = signing.state()
    assert (state.label, state.is_signed) == ("PROJET : modifiée depuis la version 1", False)
    second = signing.sign()
    assert (second.version, signing.state().is_signed) == (2, True)
    assert signing.signatures()[0] == first


def test_a_chapter_that_has_not_changed_is_carried_into_the_next_version(
    signing: Signing, desk: Desk, approved: Approved
):
    approved(desk.sodium)
    approved(desk.strip)
    signing.sign()
    approved(desk.glucose)
    signing.sign("Biochimie")
    second = signing.signatures()[-1]
    assert (second.version, second.completes, [item.name for item in second.carried]) == (2, True, ["Urines"])
    assert signing.state().is_signed
    assert len(signing.state().signatures) == 2


def test_a_decision_that_nobody_approved_changes_no_version(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signing.sign()
    desk.decide(desk.glucose)
    assert signing.state().is_signed
    desk.undo(desk.glucose)
    assert signing.state().is_signed


def test_an_approval_taken_back_is_a_change(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    approved(desk.glucose)
    signing.sign()
    desk.undo(desk.glucose, BIOLOGIST, "à revoir ensemble")
    assert signing.state().label == "PROJET : modifiée depuis la version 1"


def test_a_chapter_that_is_not_approved_any_more_is_a_change(signing: Signing, desk: Desk, approved: Approved):
    """Nothing is left to sign in it, and the version is none the less another one."""
    approved(desk.sodium)
    approved(desk.strip)
    signing.sign()
    desk.undo(desk.strip, BIOLOGIST, "à revoir ensemble")
    assert not signing.state().is_signed


def test_another_release_is_a_change(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signing.sign()
    with transaction(desk.engine) as session:
        session.get(LoincRelease, desk.release.id).is_current = False
        session.flush()
        session.add(LoincRelease(version="9.99", kind="official", term_count=0, is_current=True))
    assert signing.state().label == "PROJET : modifiée depuis la version 1"


def test_a_chapter_where_nothing_is_approved_is_not_signed(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    answer = signing.read("Biochimie", "Divers")
    assert answer.status_code == 422
    assert "Rien n’est approuvé dans « Divers »" in answer.text


def test_nothing_is_signed_where_nothing_is_approved(signing: Signing):
    assert signing.read().status_code == 422
    assert signing.signatures() == []


def test_what_changed_after_the_reading_is_refused(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    seen = seen_in(signing.read())
    approved(desk.glucose)
    answer = signing.confirm(seen)
    assert answer.status_code == 409
    assert "a changé depuis que ce texte vous a été montré" in answer.text
    assert signing.signatures() == []


def test_the_figures_kept_with_a_signature_are_those_that_were_read(
    signing: Signing, desk: Desk, approved: Approved
) -> None:
    """The chapter that is signed stays as it was read, and the coverage shown beside it does not."""
    approved(desk.sodium)
    seen = seen_in(signing.read("Biochimie"))
    approved(desk.strip)
    answer = signing.confirm(seen, "Biochimie")
    assert (answer.status_code, signing.signatures()) == (409, [])
    seen = seen_in(signing.read("Biochimie"))
    assert signing.confirm(seen, "Biochimie").status_code == 303


def test_whether_a_signature_completes_a_version_is_what_was_read(
    signing: Signing, desk: Desk, approved: Approved
) -> None:
    approved(desk.sodium)
    approved(desk.strip)
    shown = signing.read("Biochimie")
    assert "restera à compléter" in shown.text
    signing.sign("Urines", email=SECOND_BIOLOGIST, rpps=OTHER_RPPS)
    assert signing.confirm(seen_in(shown), "Biochimie").status_code == 409
    assert "est entière" in signing.read("Biochimie").text


def test_a_sentence_says_what_its_lines_are(signing: Signing, desk: Desk, approved: Approved) -> None:
    approved(desk.sodium)
    assert "1 ligne approuvée (analyses, examens et chapitres), d’après" in signing.sign().sentence


def test_what_changes_between_the_computing_and_the_write_is_refused(
    signing: Signing, desk: Desk, approved: Approved, monkeypatch: pytest.MonkeyPatch
):
    from app.versions import service

    approved(desk.sodium)
    seen = seen_in(signing.read())
    compress = zlib.compress

    def meanwhile(content: bytes, level: int) -> bytes:
        approved(desk.glucose)
        return compress(content, level)

    monkeypatch.setattr(service.zlib, "compress", meanwhile)
    answer = signing.confirm(seen)
    assert (answer.status_code, signing.signatures()) == (409, [])


def test_the_same_chapters_are_not_signed_twice_by_one_person(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signing.sign()
    answer = signing.read()
    assert answer.status_code == 409
    assert "Vous avez déjà signé ces chapitres" in answer.text
    other = signing.sign(email=SECOND_BIOLOGIST, rpps=OTHER_RPPS)
    assert other.version == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"rpps": "10003000015"}, "onze chiffres"),
        ({"rpps": ""}, "onze chiffres"),
        ({"finess_ej": ""}, "entité juridique"),
        ({"finess_ej": "75000000"}, "FINESS EJ compte neuf"),
        ({"finess_et": "3A0000014"}, "FINESS ET compte neuf"),
        ({"titre": "  "}, "à quel titre"),
        ({"titre": "x" * 121}, "à quel titre"),
        ({"titre": "biologiste " * 20}, "trop long"),
        ({"portee": "ailleurs"}, "choix de chapitres"),
    ],
)
def test_what_is_typed_is_checked_and_offered_again(
    signing: Signing, desk: Desk, approved: Approved, typed: dict[str, str], said: str
):
    approved(desk.sodium)
    answer = signing.read(**typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{FINESS_EJ}"' in answer.text or "finess_ej" in typed


def test_a_wrong_finess_key_warns_and_is_kept(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    shown = signing.read(finess_ej="750000003")
    assert "La clé du numéro FINESS EJ 750000003 n’est pas la bonne" in shown.text
    assert signing.sign(finess_ej="750000003").finess_ej == "750000003"
    assert "La clé du numéro FINESS" not in signing.read(email=SECOND_BIOLOGIST, rpps=OTHER_RPPS).text


@pytest.mark.parametrize("email", [TRANSCODER, READER])
def test_only_biologists_sign(signing: Signing, desk: Desk, approved: Approved, email: str):
    approved(desk.sodium)
    assert signing.read(email=email).status_code == 403
    assert signing.confirm("0" * 64, email=email).status_code == 403
    assert "Seul un biologiste" in signing.client(email).get(signing.path).text


def test_the_signature_of_a_disabled_person_stays(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signing.sign()
    with transaction(desk.engine) as session:
        user = session.get(User, desk.world.user_id(BIOLOGIST))
        user.is_active, user.display_name = False, "Autre Nom"
        session.add(user)
    state = signing.state()
    assert state.is_signed
    assert state.label.endswith(f"par {NAMES[BIOLOGIST]}")


def test_a_withdrawal_is_a_new_fact(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    signature = signing.sign()
    here = f"{signing.path}/{signature.public_id}"
    client = signing.client(SECOND_BIOLOGIST)
    assert client.post(f"{here}/retrait", data={"motif": " "}).status_code == 422
    assert client.post(f"{here}/retrait", data={"motif": "signée par erreur"}).status_code == 303
    again = client.post(f"{here}/retrait", data={"motif": "signée par erreur"})
    assert (again.status_code, "déjà été retirée par Bruno" in again.text) == (409, True)
    state = signing.state()
    assert state.label == "PROJET : la signature de la version 1 a été retirée"
    (kept,) = signing.signatures()
    assert (kept.sentence, kept.withdrawal_reason, kept.holds) == (signature.sentence, "signée par erreur", False)
    page = client.get(here)
    assert "signée par erreur" in page.text
    # The number is not given twice.
    assert signing.sign().version == 2
    with reading(desk.engine) as session:
        events = session.exec(
            select(AuditEvent.action).where(col(AuditEvent.action).startswith("mapping.")).order_by(col(AuditEvent.id))
        ).all()
    assert events == ["mapping.sign", "mapping.withdraw_signature", "mapping.sign"]


def test_a_withdrawal_among_several_leaves_the_others(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    approved(desk.strip)
    signing.sign("Biochimie")
    second = signing.sign("Urines", email=SECOND_BIOLOGIST, rpps=OTHER_RPPS)
    client = signing.client()
    assert client.post(f"{signing.path}/{second.public_id}/retrait", data={"motif": "trop tôt"}).status_code == 303
    assert signing.state().label == "PROJET : version 1 signée en partie (1 sur 2 chapitres)"
    # Nothing changed: who signs it again completes the same version.
    again = signing.sign("Urines")
    assert (again.version, signing.state().is_signed) == (1, True)


def test_a_signature_asks_to_prove_again(signing: Signing, desk: Desk, approved: Approved):
    from datetime import timedelta

    from sqlalchemy import update

    from app.models import UserSession, utc_now

    approved(desk.sodium)
    signing.read()
    with transaction(desk.engine) as session:
        session.execute(update(UserSession).values(authenticated_at=utc_now() - timedelta(hours=3)))
    assert "confirmer qui vous êtes" in signing.client().get(signing.path).text
    answer = signing.read()
    assert answer.status_code == 403
    assert "Confirmer qui vous êtes" in answer.text


def test_the_rpps_of_the_provider_is_not_typed(signing: Signing, desk: Desk, approved: Approved):
    from app.models import ProviderIdentity, utc_now

    approved(desk.sodium)
    with transaction(desk.engine) as session:
        session.add(
            ProviderIdentity(
                user_id=desk.world.user_id(BIOLOGIST), issuer="https://psc.exemple", identifier=OTHER_RPPS,
                confirmed_at=utc_now(),
            )
        )  # fmt: skip
    assert "Donné par votre fournisseur" in signing.client().get(signing.path).text
    signature = signing.sign(rpps=RPPS)
    assert (signature.rpps, signature.is_rpps_of_provider) == (OTHER_RPPS, True)


@pytest.mark.parametrize("address", ["", "?page=9", "?avant=7", "/inconnue"])
def test_the_pages_stand_any_address(signing: Signing, desk: Desk, approved: Approved, address: str):
    approved(desk.sodium)
    signing.sign()
    answer = signing.client(READER).get(f"{signing.path}{address}")
    assert answer.status_code == (404 if address == "/inconnue" else 200)


def test_ticked_chapters_are_never_signed_with_all_the_others(signing: Signing, desk: Desk, approved: Approved):
    approved(desk.sodium)
    approved(desk.strip)
    both = {"portee": "tout", "chapitre": ["=Urines"]}
    for address in (f"{signing.path}/relecture", signing.path):
        answer = signing.client().post(address, data=signing.form() | both)
        assert answer.status_code == 422
        assert "Des chapitres sont cochés" in answer.text
        # What was ticked and typed is still there, and it is what would be signed next.
        assert 'value="=Urines" checked' in answer.text
        assert 'value="chapitres" checked' in answer.text
        assert f'name="rpps" value="{RPPS}"' in answer.text
    assert signing.signatures() == []
    assert [item.name for item in signing.sign("Urines").chapters] == ["Urines"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (5, "Aucune autre ligne n’y figure."),
        (6, "1 ligne de ces chapitres, non approuvée, n’est pas couverte par cette signature."),
        (9, "4 lignes de ces chapitres, non approuvées, ne sont pas couvertes par cette signature."),
    ],
)
def test_the_sentence_says_in_french_what_it_leaves_out(rows: int, said: str):
    sentence = sentence_of(
        name="Ada", title="biologiste", rpps=RPPS, version=1, catalogue="C", laboratory="L", finess=["FINESS EJ 1"],
        chapters=None, approved=5, rows=rows, release="LOINC 2.82", sha256="0" * 64,
    )  # fmt: skip
    assert said in sentence
