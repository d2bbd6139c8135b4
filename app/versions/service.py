"""At which version a catalogue is, and the acts of biologists: signing chapters, and withdrawing a signature."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app.audit.service import record
from app.coverage.service import shown_report
from app.coverage.wording import name_of, scope_of, sentence_of
from app.double_reading.queue_sql import approved_in_disagreement
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.identity_providers.rpps import is_rpps
from app.models import Proof, Role, SignOff, SignOffWithdrawal
from app.platform import locks
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.platform.written import require_written
from app.terminology.service import current_release
from app.text import release_title
from app.text import seen as visible
from app.transcoding.under_way import require_figures
from app.versions import repository, state, wording
from app.versions.canonical import canonical_content, content_sha256
from app.versions.identification import NEEDS_FINESS, checked_finess, checked_rpps, checked_title, finess_warnings
from app.versions.reading import ChapterContent, by_chapter, canonical_rows
from app.versions.schemas import ChapterMark, SignedChapter, VersionState

if TYPE_CHECKING:
    # The command line asks for the version too, and starts without the web.
    from app.platform.identity import CatalogueAccess

CHANGED = (
    "Le catalogue, ou ce qui en est déjà signé, a changé depuis que ce texte vous a été montré. Rien n’a été signé : "
    "relisez ce que vous signez tel qu’il est maintenant."
)
NOTHING_APPROVED = "Rien n’est approuvé dans {chapters} : il n’y a rien à y signer."
NOTHING_CHOSEN = "Choisissez au moins un chapitre où une ligne est approuvée."
ALREADY_SIGNED = "Vous avez déjà signé ces chapitres, et ils n’ont pas changé depuis."
LONGEST_REASON = 500
_AT_ONCE = timedelta(seconds=5)
"""How long after a proof its event may be written."""


_as_draft: ContextVar[bool] = ContextVar("as_draft", default=False)


@contextmanager
def told_as_draft() -> Iterator[None]:
    """What is read meanwhile says that it is a draft, also where the mapping is a signed one as it stands.

    The state of the day holds work under way that no signature is about.
    """
    token = _as_draft.set(True)
    try:
        yield
    finally:
        _as_draft.reset(token)


def version_of(session: Session, catalogue_id: int) -> VersionState:
    """At which version the mapping of a catalogue is: one statement where nothing was signed, four otherwise.

    A change is noticed by marks of the chapters (see `ChapterMark`), and no row is read.
    """
    signatures = repository.signatures_of(session, catalogue_id)
    if not signatures:
        return state.state_of([], {}, "")
    release = current_release(session)
    found = state.state_of(
        signatures, repository.chapter_marks(session, catalogue_id), release.version if release else ""
    )
    if found.is_signed and _as_draft.get():
        return replace(found, is_signed=False, label=wording.day_of_version(found.number))
    return found


@dataclass(frozen=True, slots=True)
class Identification:
    """Who signs, in what capacity, for which laboratory; as typed."""

    title: str
    rpps: str = ""
    finess_ej: str = ""
    finess_et: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """All that a signature will be, computed while nobody waits."""

    version: int
    completes: bool
    chapters: tuple[SignedChapter, ...]
    carried: tuple[SignedChapter, ...]
    left_out: tuple[str, ...]
    """Chapters where something is approved that nobody would have signed yet."""
    identification: Identification
    is_rpps_of_provider: bool
    release_version: str
    coverage: tuple[dict[str, Any], ...]
    sentence: str
    content: bytes
    content_sha256: str
    mapping_sha256: str
    marks: dict[str, ChapterMark]
    last_acts: tuple[int, int]
    """The last signature and the last withdrawal when this was read."""
    is_of_all: bool
    warnings: tuple[str, ...]

    @property
    def seen(self) -> str:
        """What names this very draft in the form that signs it: all that its page shows, not the sentence alone."""
        shown = {
            "sentence": self.sentence,
            "completes": self.completes,
            "chapters": [chapter.as_json() for chapter in self.chapters],
            "carried": [chapter.as_json() for chapter in self.carried],
            "left_out": self.left_out,
            "coverage": self.coverage,
            "warnings": self.warnings,
        }
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def prepare(
    transactions: Transactions, access: "CatalogueAccess", chosen: Sequence[str] | None, said: Identification
) -> Draft:
    """What this person would sign: `chosen` chapters, or all that can be signed (None).

    Raises InvalidInputError for what she typed or chose, ConflictError where there is nothing for her to sign,
    TooBusyError while the catalogue is being brought up to what it has just received.
    """
    access.require(Role.BIOLOGIST)
    with transactions.reading() as session:
        require_figures(session, access.catalogue_id)
        report = shown_report(session, access.laboratory, access.catalogue)
        marks = repository.chapter_marks(session, access.catalogue_id)
        signatures = repository.signatures_of(session, access.catalogue_id)
        last_acts = repository.last_acts(session, access.catalogue_id)
        known_rpps = repository.rpps_of_provider(session, access.user_id)
        unsettled = approved_in_disagreement(session, access.catalogue_id)
        rows = canonical_rows(session, access.catalogue_id)
    forbid_open_transaction("hash a mapping")
    is_of_provider = is_rpps(known_rpps)
    who = _checked(said, known_rpps if is_of_provider else said.rpps)
    version = report.context.release_version
    contents = by_chapter(version, rows)
    can_be = [name for name in state.signable(marks) if name in contents and contents[name].approved]
    names = _chosen(chosen, can_be)
    hashes = {name: chapter.sha256 for name, chapter in contents.items()}
    signed = tuple(_signed(contents[name], marks) for name in names)
    before = state.still_signed(signatures, hashes)
    carried = tuple(_signed(contents[name], marks) for name in can_be if name in before and name not in names)
    left_out = tuple(name for name in can_be if name not in before and name not in names)
    if state.is_signed_by(signatures, access.user_id, signed) and (
        left_out or state.state_of(signatures, marks, version).is_signed
    ):
        # Where nothing else is left to sign and the version does not stand, signing again is what makes the next one.
        raise ConflictError(ALREADY_SIGNED)
    content = canonical_content(version, [row for name in names for row in contents[name].rows])
    mapping_sha256 = content_sha256(canonical_content(version, rows))
    number = state.next_number(signatures, hashes, mapping_sha256)
    sentence = wording.sentence_of(
        name=access.user.display_name,
        title=who.title,
        rpps=who.rpps,
        version=number,
        catalogue=access.catalogue.name,
        laboratory=access.laboratory.name,
        finess=[f"FINESS EJ {who.finess_ej}", *([f"FINESS ET {who.finess_et}"] if who.finess_et else [])],
        chapters=None if chosen is None else names,
        approved=sum(chapter.approved for chapter in signed),
        rows=sum(chapter.rows for chapter in signed),
        release=release_title(version),
        sha256=content_sha256(content),
    )
    return Draft(
        version=number,
        completes=not left_out,
        chapters=signed,
        carried=carried,
        left_out=left_out,
        identification=who,
        is_rpps_of_provider=is_of_provider,
        release_version=version,
        coverage=tuple(
            {
                "name": name_of(definition),
                "scope": scope_of(definition),
                "definition": sentence_of(definition),
                "numerator": figure.numerator,
                "denominator": figure.denominator,
                "rows_missing": figure.rows_missing,
            }
            for definition, figure in report.figures
        ),
        sentence=sentence,
        content=content,
        content_sha256=content_sha256(content),
        mapping_sha256=mapping_sha256,
        marks=marks,
        last_acts=last_acts,
        is_of_all=chosen is None,
        warnings=(
            *finess_warnings(who.finess_ej, who.finess_et),
            *wording.unsettled_warning(unsettled),
            *report.all_warnings,
        ),
    )


def _checked(said: Identification, rpps: str) -> Identification:
    who = Identification(
        checked_title(said.title),
        checked_rpps(rpps),
        checked_finess(said.finess_ej, "EJ"),
        checked_finess(said.finess_et, "ET"),
    )
    if not who.finess_ej:
        raise InvalidInputError(NEEDS_FINESS)
    return who


def _chosen(chosen: Sequence[str] | None, can_be: Sequence[str]) -> list[str]:
    names = list(can_be) if chosen is None else sorted(set(chosen))
    if not names:
        raise InvalidInputError(NOTHING_CHOSEN)
    empty = [name for name in names if name not in can_be]
    if empty:
        raise InvalidInputError(NOTHING_APPROVED.format(chapters=wording.quoted(empty)))
    return names


def _signed(chapter: ChapterContent, marks: dict[str, ChapterMark]) -> SignedChapter:
    return SignedChapter(chapter.name, len(chapter.rows), chapter.approved, chapter.sha256, marks[chapter.name])


def sign(
    transactions: Transactions,
    access: "CatalogueAccess",
    chosen: Sequence[str] | None,
    said: Identification,
    seen: str,
    token_hash: str,
) -> SignOff:
    """Sign what `prepare` showed; `seen` names it, and ConflictError says that something has changed since."""
    draft = prepare(transactions, access, chosen, said)
    if draft.seen != seen:
        raise ConflictError(CHANGED)
    compressed = zlib.compress(draft.content, 9)
    who = draft.identification
    with transactions.writing() as session:
        locks.lock_catalogue(session, access.catalogue_id)
        _require_same(session, access.catalogue_id, draft)
        proof, proved_at = _proof(session, access, token_hash)
        signed = SignOff(
            laboratory_id=access.laboratory_id,
            catalogue_id=access.catalogue_id,
            version=draft.version,
            completes=draft.completes,
            chapters=[chapter.as_json() for chapter in draft.chapters],
            carried=[chapter.as_json() for chapter in draft.carried],
            signer_id=access.user_id,
            signer_name=access.user.display_name,
            rpps=who.rpps,
            is_rpps_of_provider=draft.is_rpps_of_provider,
            title=who.title,
            finess_ej=who.finess_ej,
            finess_et=who.finess_et,
            proof=proof,
            proved_at=proved_at,
            release_version=draft.release_version,
            coverage=list(draft.coverage),
            sentence=draft.sentence,
            content_sha256=draft.content_sha256,
            mapping_sha256=draft.mapping_sha256,
            content=compressed,
            compressed_sha256=hashlib.sha256(compressed).hexdigest(),
        )
        session.add(signed)
        session.flush()
        record(
            session,
            "mapping.sign",
            actor=access.user,
            object_type="sign_off",
            object_id=signed.id,
            laboratory_id=access.laboratory_id,
            catalogue_id=access.catalogue_id,
            mapping_version=draft.version,
            chapters=len(draft.chapters),
            rows=sum(chapter.approved for chapter in draft.chapters),
            release=draft.release_version,
            sha256=draft.content_sha256,
            proof=proof,
        )
    return signed


def _require_same(session: Session, catalogue_id: int, draft: Draft) -> None:
    """Refuse when anything of what was read for the draft is otherwise now; no row is read again."""
    release = current_release(session)
    is_same = (
        release is not None
        and release.version == draft.release_version
        and repository.last_acts(session, catalogue_id) == draft.last_acts
        and repository.chapter_marks(session, catalogue_id) == draft.marks
    )
    if not is_same:
        raise ConflictError(CHANGED)


def _proof(session: Session, access: "CatalogueAccess", token_hash: str) -> tuple[Proof, Any]:
    """How the person of this session last proved who she is, and when."""
    opened = repository.opened_session(session, token_hash)
    if opened is None:
        raise ConflictError("Votre session a été fermée : reconnectez-vous pour signer.")
    kind = repository.last_proof(session, access.user_id, opened.authenticated_at - _AT_ONCE)
    is_said_again = opened.authenticated_at > opened.created_at + _AT_ONCE
    if kind == "key":
        proof = Proof.KEY
    elif opened.provider and not is_said_again:
        proof = Proof.PROVIDER
    elif opened.second_factor_at is not None or kind not in ("", "password"):
        proof = Proof.SECOND_FACTOR
    else:
        proof = Proof.PASSWORD
    return proof, opened.authenticated_at


def withdraw(session: Session, access: "CatalogueAccess", public_id: str, reason: str) -> SignOffWithdrawal:
    """Say that a signature does not hold any more, and why; it stays, with what it said."""
    access.require(Role.BIOLOGIST)
    reason = visible(reason)
    require_written(reason, "Écrivez pourquoi cette signature est retirée : ce motif reste avec elle.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError(f"Ce motif est trop long : {LONGEST_REASON} caractères au plus.")
    locks.lock_catalogue(session, access.catalogue_id)
    signature = next(
        (item for item in repository.signatures_of(session, access.catalogue_id) if item.public_id == public_id), None
    )
    if signature is None:
        raise NotFoundError("Cette signature n’existe pas.")
    if not signature.holds:
        raise ConflictError(f"Cette signature a déjà été retirée par {signature.withdrawn_by}.")
    withdrawn = SignOffWithdrawal(
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        sign_off_id=signature.id,
        reason=reason,
        author_id=access.user_id,
    )
    session.add(withdrawn)
    session.flush()
    record(
        session,
        "mapping.withdraw_signature",
        actor=access.user,
        object_type="sign_off",
        object_id=signature.id,
        laboratory_id=access.laboratory_id,
        catalogue_id=access.catalogue_id,
        mapping_version=signature.version,
        signer=signature.signer_name,
        reason=reason,
    )
    return withdrawn
