"""The pages of what can be signed, of what is about to be, and of one signature."""

from collections.abc import Sequence
from datetime import UTC
from urllib.parse import urlencode

from sqlmodel import Session

from app.coverage.kept import KeptCatalogue
from app.coverage.report import definitions_for
from app.coverage.wording import name_of, scope_of, sentence_of
from app.double_reading.queue_sql import approved_in_disagreement
from app.errors import NotFoundError
from app.identity_providers.rpps import is_rpps
from app.models import Proof, Role
from app.platform.identity import CatalogueAccess
from app.terminology.service import current_release
from app.text import release_title
from app.transcoding.under_way import are_figures_behind
from app.versions import repository, state, wording
from app.versions.identification import finess_warnings
from app.versions.pages import (
    ChapterLine,
    FigureLine,
    ReadingPage,
    SignatureForm,
    SignatureLine,
    SignaturePage,
    VersionsPage,
)
from app.versions.schemas import ChapterMark, Signature, SignedChapter
from app.versions.service import Draft

CHAPTERS = 100
"""Chapters of a page."""
SIGNATURES = 20
PREFIX = "="
"""Before the name of a chapter in a form: the rows without chapter have an empty one."""


def path_of(catalogue_id: int) -> str:
    """The page of a catalogue."""
    return f"/catalogues/{catalogue_id}/signature"


def signature_url(catalogue_id: int, public_id: str) -> str:
    """The page of a signature."""
    return f"{path_of(catalogue_id)}/{public_id}"


def versions_page(
    session: Session,
    access: CatalogueAccess,
    *,
    page: int = 1,
    older: int = 1,
    form: SignatureForm | None = None,
    problem: str = "",
    needs_proof: bool = False,
) -> VersionsPage:
    """What can be signed now, `CHAPTERS` chapters at a time, and the signatures, the newest first."""
    catalogue_id, path = access.catalogue_id, path_of(access.catalogue_id)
    marks = repository.chapter_marks(session, catalogue_id)
    signatures = repository.signatures_of(session, catalogue_id)
    release = current_release(session)
    version = release.version if release else ""
    known = state.state_of(signatures, marks, version)
    covered = state.covered(signatures, known.number)
    names = sorted(name for name, mark in marks.items() if mark[0] or mark[1])
    page = min(page, max(1, -(-len(names) // CHAPTERS)))
    older = min(older, max(1, -(-len(signatures) // SIGNATURES)))
    shown = names[(page - 1) * CHAPTERS : page * CHAPTERS]
    hers = repository.rpps_of_provider(session, access.user_id)
    is_under_way = are_figures_behind(session, catalogue_id)

    def url(chapters: int, signed: int) -> str:
        asked = {"page": chapters, "avant": signed}
        pairs = [(key, value) for key, value in asked.items() if value > 1]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    newest = list(reversed(signatures))[(older - 1) * SIGNATURES : older * SIGNATURES]
    return VersionsPage(
        title=f"Signature — {access.catalogue.name}",
        catalogue=access.catalogue,
        label=known.label,
        is_signed=known.is_signed,
        number=known.number,
        may_sign=access.role is Role.BIOLOGIST,
        is_under_way=is_under_way,
        problem=problem,
        form=form or _offered(session, access),
        known_rpps=hers if is_rpps(hers) else "",
        release=release_title(version),
        rows=sum(mark[0] for mark in marks.values()),
        approved=sum(mark[1] for mark in marks.values()),
        chapters=[_chapter_line(name, marks[name], covered.get(name), marks, version) for name in shown],
        chapters_total=len(names),
        first=(page - 1) * CHAPTERS + 1 if shown else 0,
        last=(page - 1) * CHAPTERS + len(shown),
        previous_url=url(page - 1, older) if page > 1 else "",
        next_url=url(page + 1, older) if page * CHAPTERS < len(names) else "",
        figures=[] if is_under_way else _present_figures(session, catalogue_id),
        unsettled=approved_in_disagreement(session, catalogue_id),
        signatures=[_signature_line(catalogue_id, item) for item in newest],
        signatures_total=len(signatures),
        newer_url=url(page, older - 1) if older > 1 else "",
        older_url=url(page, older + 1) if older * SIGNATURES < len(signatures) else "",
        compare_url=f"{path}/comparaison" if known.number else "",
        needs_proof=needs_proof,
    )


def _offered(session: Session, access: CatalogueAccess) -> SignatureForm:
    rpps, title, finess_ej, finess_et = repository.last_typed(session, access.user_id, access.laboratory_id)
    return SignatureForm(
        title=title or "biologiste", rpps=rpps, finess_ej=finess_ej or access.laboratory.finess, finess_et=finess_et
    )


def _present_figures(session: Session, catalogue_id: int) -> list[FigureLine]:
    kept = KeptCatalogue(session, catalogue_id)
    lines = []
    for definition in definitions_for(kept):
        figure = kept.figure(definition)
        lines.append(
            FigureLine(
                name=name_of(definition),
                scope=scope_of(definition),
                definition=sentence_of(definition),
                numerator=figure.numerator,
                denominator=figure.denominator,
                rows_missing=figure.rows_missing,
            )
        )
    return lines


def _chapter_line(
    name: str,
    mark: ChapterMark,
    covered: state.CoveredChapter | None,
    marks: dict[str, ChapterMark],
    release_version: str,
) -> ChapterLine:
    said, css = ("à signer", "chip-info") if mark[1] else ("rien d’approuvé", "chip-mute")
    is_signed = False
    if covered is not None:
        last = covered.signatures[-1]
        is_signed = state.is_unchanged(covered, marks, release_version)
        names = ", ".join(dict.fromkeys(item.signer_name for item in covered.signatures))
        if is_signed:
            said, css = f"signé (version {last.version}) par {names}", "chip-ok"
        else:
            said, css = f"modifié depuis la version {last.version}", "chip-warn"
    return ChapterLine(
        value=f"{PREFIX}{name}",
        title=wording.chapter_title(name),
        rows=mark[0],
        approved=mark[1],
        can_be_signed=bool(mark[1]),
        is_signed=is_signed,
        said=said,
        css=css,
    )


def _signature_line(catalogue_id: int, signature: Signature) -> SignatureLine:
    return SignatureLine(
        url=signature_url(catalogue_id, signature.public_id),
        version=signature.version,
        signed_at=signature.signed_at,
        signer=signature.signer_name,
        title=signature.title,
        chapters=len(signature.chapters),
        approved=sum(chapter.approved for chapter in signature.chapters),
        release=release_title(signature.release_version),
        holds=signature.holds,
    )


def _signed_lines(chapters: Sequence[SignedChapter]) -> list[ChapterLine]:
    return [
        ChapterLine(
            value=f"{PREFIX}{chapter.name}",
            title=wording.chapter_title(chapter.name),
            rows=chapter.rows,
            approved=chapter.approved,
            can_be_signed=True,
            is_signed=True,
            said="",
            css="",
        )
        for chapter in chapters[:CHAPTERS]
    ]


def reading_page(access: CatalogueAccess, draft: Draft) -> ReadingPage:
    """What is about to be signed."""
    who = draft.identification
    return ReadingPage(
        title=f"Relire avant de signer — {access.catalogue.name}",
        catalogue=access.catalogue,
        version=draft.version,
        completes=draft.completes,
        sentence=draft.sentence,
        seen=draft.seen,
        form=SignatureForm(
            title=who.title, rpps=who.rpps, finess_ej=who.finess_ej, finess_et=who.finess_et, is_all=draft.is_of_all,
            chosen=frozenset(f"{PREFIX}{chapter.name}" for chapter in draft.chapters),
        ),
        chapters=_signed_lines(draft.chapters),
        more_chapters=max(0, len(draft.chapters) - CHAPTERS),
        carried=wording.quoted([chapter.name for chapter in draft.carried]),
        left_out=wording.quoted(draft.left_out),
        figures=[FigureLine(**figure) for figure in draft.coverage],
        warnings=draft.warnings,
        back_url=path_of(access.catalogue_id),
    )  # fmt: skip


def one_signature(session: Session, catalogue_id: int, public_id: str) -> Signature:
    """A signature of this catalogue, or NotFoundError."""
    found = (item for item in repository.signatures_of(session, catalogue_id) if item.public_id == public_id)
    signature = next(found, None)
    if signature is None:
        raise NotFoundError("Cette signature n’existe pas.")
    return signature


def signature_page(
    session: Session, access: CatalogueAccess, public_id: str, *, problem: str = "", typed: str = ""
) -> SignaturePage:
    """One signature."""
    signature = one_signature(session, access.catalogue_id, public_id)
    here = signature_url(access.catalogue_id, public_id)
    asked = {"de": signature.version, "a": "actuel"}
    return SignaturePage(
        title=f"Version {signature.version}, signée par {signature.signer_name}",
        catalogue=access.catalogue,
        version=signature.version,
        holds=signature.holds,
        sentence=signature.sentence,
        signer=signature.signer_name,
        capacity=signature.title,
        rpps=signature.rpps,
        rpps_origin="donné par le fournisseur d’identité" if signature.is_rpps_of_provider else "saisi",
        finess_ej=signature.finess_ej,
        finess_et=signature.finess_et,
        finess_warnings=finess_warnings(signature.finess_ej, signature.finess_et),
        signed_at=signature.signed_at,
        signed_at_utc=f"{signature.signed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        proof=wording.PROOFS[Proof(signature.proof)],
        proved_at=signature.proved_at,
        release=release_title(signature.release_version),
        content_sha256=signature.content_sha256,
        mapping_sha256=signature.mapping_sha256,
        chapters=_signed_lines(signature.chapters),
        more_chapters=max(0, len(signature.chapters) - CHAPTERS),
        carried=wording.quoted([chapter.name for chapter in signature.carried]),
        figures=[FigureLine(**figure) for figure in signature.coverage],
        withdrawn_at=signature.withdrawn_at,
        withdrawn_by=signature.withdrawn_by,
        withdrawal_reason=signature.withdrawal_reason,
        may_withdraw=signature.holds and access.role is Role.BIOLOGIST,
        problem=problem,
        typed=typed,
        back_url=path_of(access.catalogue_id),
        withdraw_url=f"{here}/retrait",
        csv_url=f"{here}?format=csv",
        compare_url=f"{path_of(access.catalogue_id)}/comparaison?{urlencode(asked)}",
    )
