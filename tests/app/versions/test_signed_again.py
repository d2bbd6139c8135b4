"""« Déjà signé » is said when the chapter stands as the person signed it in the last version, and never otherwise."""


from collections.abc import Callable

import pytest

from app.models import Action, CatalogueChange, ChangeKind, LocalTest, SourceFile, utc_now
from app.platform.database import transaction
from tests.app.review.conftest import SECOND_BIOLOGIST, Desk
from tests.app.versions.conftest import OTHER_RPPS, Approved, Signing
from tests.conftest import BIOLOGIST

OTHER = {"email": SECOND_BIOLOGIST, "rpps": OTHER_RPPS}
BIO, URINES = "Biochimie", "Urines"


@pytest.fixture
def first(signing: Signing, desk: Desk, approved: Approved) -> Signing:
    """Both chapters approved, and signed by the biologist as version 1."""
    approved(desk.sodium)
    approved(desk.strip)
    signing.sign()
    return signing


def is_already_signed(signing: Signing, *chapters: str, **who: str) -> bool:
    answer = signing.read(*chapters, **who)
    assert answer.status_code in (200, 409), answer.text
    is_said = "Vous avez déjà signé ces chapitres" in answer.text
    assert is_said == (answer.status_code == 409)
    return is_said


History = Callable[[Signing, Desk, Approved], None]


def _approval(_signing: Signing, desk: Desk, approved: Approved) -> None:
    approved(desk.glucose)


def _reopened(_signing: Signing, desk: Desk, approved: Approved) -> None:
    approved(desk.glucose)
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST, reason="finalement aucun")


def _reopened_and_approved_as_before(_signing: Signing, desk: Desk, approved: Approved) -> None:
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST, reason="finalement aucun")
    # The approver is not the one who decides: the same answer, given and approved again, is of another hour.
    desk.decide(desk.sodium, justification="essai")
    approved(desk.glucose)


def _row_retired(_signing: Signing, desk: Desk, _approved: Approved) -> None:
    with transaction(desk.engine) as session:
        row = session.get_one(LocalTest, desk.glucose)
        row.retired_at = utc_now()
        session.add(row)


def _relabel(desk: Desk, label: str) -> None:
    """A newer export names sodium otherwise."""
    with transaction(desk.engine) as session:
        file = SourceFile(catalogue_id=desk.catalogue_id, kind="generic", file_name="a.csv", sha256="0", content=b"")
        session.add(file)
        session.flush()
        row = session.get_one(LocalTest, desk.sodium)
        change = CatalogueChange(
            catalogue_id=desk.catalogue_id, local_test_id=desk.sodium, source_file_id=file.id or 0,
            kind=ChangeKind.CHANGED, field="label", old=row.label, new=label,
        )  # fmt: skip
        row.label = label
        session.add_all((row, change))


def _relabelled(_signing: Signing, desk: Desk, _approved: Approved) -> None:
    _relabel(desk, "NATRÉMIE")


CHANGES: dict[str, History] = {
    "a later approval": _approval,
    "an approved row reopened": _reopened,
    "reopened, then decided as before": _reopened_and_approved_as_before,
    "a row retired": _row_retired,
    "a row relabelled": _relabelled,
}


@pytest.mark.parametrize("kind", CHANGES)
def test_after_a_change_the_chapter_is_signed_again_and_the_other_is_not(
    kind: str, first: Signing, desk: Desk, approved: Approved
) -> None:
    assert is_already_signed(first)
    CHANGES[kind](first, desk, approved)
    assert not is_already_signed(first, BIO)
    assert not is_already_signed(first)
    assert is_already_signed(first, URINES)
    assert first.sign(BIO).version == 2
    assert first.state().is_signed
    assert is_already_signed(first)
    assert is_already_signed(first, BIO)
    assert is_already_signed(first, URINES)


def _undecided(_signing: Signing, desk: Desk, _approved: Approved) -> None:
    desk.decide(desk.glucose)


def _commented(_signing: Signing, desk: Desk, _approved: Approved) -> None:
    desk.decide(desk.sodium, Action.COMMENT, comment="vu")


def _come_back(_signing: Signing, desk: Desk, approved: Approved) -> None:
    """Never signed in between."""
    approved(desk.glucose)
    desk.undo(desk.glucose, BIOLOGIST, "trop vite")


def _reopening_taken_back(_signing: Signing, desk: Desk, _approved: Approved) -> None:
    desk.decide(desk.sodium, Action.NO_LOINC, email=BIOLOGIST, reason="finalement aucun")
    desk.undo(desk.sodium, BIOLOGIST, "non, c’était bien")


UNCHANGED: dict[str, History] = {
    "decided, not approved": _undecided,
    "commented": _commented,
    "a later approval taken back": _come_back,
    "a reopening taken back": _reopening_taken_back,
}


@pytest.mark.parametrize("kind", UNCHANGED)
def test_what_changes_nothing_of_the_content_is_already_signed(
    kind: str, first: Signing, desk: Desk, approved: Approved
) -> None:
    UNCHANGED[kind](first, desk, approved)
    assert first.state().is_signed
    assert is_already_signed(first)
    assert is_already_signed(first, BIO)
    assert is_already_signed(first, URINES)


@pytest.mark.parametrize("by", [BIOLOGIST, SECOND_BIOLOGIST])
def test_a_chapter_come_back_to_what_was_signed_two_versions_ago_is_signed_again(
    by: str, first: Signing, desk: Desk, approved: Approved
) -> None:
    """The last version holds something else: without another signature none would ever stand."""
    approved(desk.glucose)
    assert first.sign(BIO, email=by, rpps=OTHER_RPPS if by == SECOND_BIOLOGIST else "10003000014").version == 2
    desk.undo(desk.glucose, BIOLOGIST, "trop vite")
    assert first.state().label == "PROJET : modifiée depuis la version 2"
    assert not is_already_signed(first, BIO)
    assert first.sign().version == 3
    assert first.state().is_signed
    assert is_already_signed(first)


def test_when_a_chapter_has_nothing_left_to_sign_the_others_make_the_next_version(
    first: Signing, desk: Desk
) -> None:
    desk.undo(desk.strip, BIOLOGIST, "à revoir ensemble")
    assert not first.state().is_signed
    assert first.read(URINES).status_code == 422
    assert first.sign().version == 2
    assert first.state().is_signed
    assert is_already_signed(first)


def test_the_same_in_a_version_signed_in_part(signing: Signing, desk: Desk, approved: Approved) -> None:
    approved(desk.sodium)
    approved(desk.strip)
    signing.sign(BIO)
    assert is_already_signed(signing, BIO)
    desk.undo(desk.strip, BIOLOGIST, "à revoir ensemble")
    signing.sign()
    assert signing.state().is_signed
    assert is_already_signed(signing)


def test_a_label_changed_and_changed_back_is_signed_again_in_the_same_version(first: Signing, desk: Desk) -> None:
    """Changes are noticed without reading the rows: only another signature says that nothing is left of this one."""
    _relabel(desk, "NATRÉMIE")
    _relabel(desk, "SODIUM")
    assert not first.state().is_signed
    assert first.sign(BIO).version == 1
    assert first.state().is_signed
    assert is_already_signed(first)


def test_a_signature_withdrawn_is_given_again(first: Signing) -> None:
    (signature,) = first.signatures()
    first.client().post(f"{first.path}/{signature.public_id}/retrait", data={"motif": "trop tôt"})
    assert not is_already_signed(first)
    assert first.sign().version == 2
    assert is_already_signed(first)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 2, 0, 3), (2, 0, 3, 1)])
def test_each_person_signs_each_chapter_once_in_any_order(
    order: tuple[int, ...], signing: Signing, desk: Desk, approved: Approved
) -> None:
    approved(desk.sodium)
    approved(desk.strip)
    acts = [(name, who) for name in (BIO, URINES) for who in ({}, OTHER)]
    done: list[int] = []
    for number in order:
        for other, (name, who) in enumerate(acts):
            assert is_already_signed(signing, name, **who) == (other in done), (other, done)
        signing.sign(acts[number][0], **acts[number][1])
        done.append(number)
    assert signing.state().is_signed
    assert {signature.version for signature in signing.signatures()} == {1}
    assert is_already_signed(signing)
    assert is_already_signed(signing, **OTHER)


@pytest.mark.parametrize("name", ["Inconnu", "Divers", ""])
def test_a_chapter_with_nothing_to_sign_is_never_already_signed(name: str, first: Signing) -> None:
    answer = first.read(name)
    assert (answer.status_code, "Rien n’est approuvé" in answer.text) == (422, True)
