"""What the page of exports shows, from the same facts and checks as the files."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from app.exports import kept, repository, writers
from app.exports.ans_files import ANS_EXPORTS
from app.exports.format_names import KIND_LABELS
from app.exports.pages import EvidenceOffer, ExportLevelLine, ExportsPage, Offer, PastExport, ReasonLink
from app.exports.report import ReportLine, error_lines, lines_without_code
from app.exports.schemas import READ_ROW_BY_ROW, ExportFile, ExportKind, SourceInfo
from app.models import CONTRIBUTORS, ExportRecord, FileKind, ValueSetKind, utc_now
from app.platform.database import Transactions
from app.platform.identity import CatalogueAccess
from app.publication.assessment import definition_of
from app.publication.repository import current_release
from app.publication.schemas import LEVEL_LABELS, UncodedReason
from app.publication.service import gather, transcoding_date
from app.publication.statement import Statement
from app.settings import Settings
from app.storage.pages import prepared_lines
from app.storage.prepared import is_large
from app.terminology.value_sets import current_value_set
from app.text import paris_time, release_title
from app.transcoding.readers import approved_unread_by, blind_person
from app.transcoding.under_way import require_figures
from app.versions.repository import changes_since, signatures_of
from app.versions.service import version_of
from app.versions.whole import whole_versions
from app.versions.wording import left_out

MAY_EXPORT = CONTRIBUTORS
SHOWN_ROWS = 200
SHOWN_EXPORTS = 50
SHOWN_PREPARED = 5
SHOWN_VERSIONS = 50

_CONTENTS = {
    ExportKind.LOINC_4: (
        "LOINC_1 reçu, avec code et libellé LOINC approuvés du chapitre et du sous-chapitre, et aucun autre"
    ),
    ExportKind.LOINC_5: "LOINC_2 reçu, avec code et libellé LOINC approuvés de l'examen, et aucun autre",
    ExportKind.LOINC_6: "LOINC_3 reçu, avec code et libellé LOINC approuvés de l'analyse, et aucun autre",
    ExportKind.XLSX: "Toutes les lignes avec décision, commentaires, auteurs et dates ; les erreurs attendues",
    ExportKind.CONCEPT_MAP: "Codes locaux vers LOINC : relation, commentaire, version, notice",
    ExportKind.CONCEPT_MAP_R5: (
        "La même carte en R5 : auteurs et approbations à leur place, lignes sans code LOINC déclarées (noMap)"
    ),
    ExportKind.FHIR_BUNDLE: (
        "La carte R4 avec les systèmes de codes locaux, leur jeu de valeurs et la provenance des approbations"
    ),
    ExportKind.FHIR_CATALOGUE: (
        "Le catalogue : analyses, examens, milieux et chapitres définis, codes LOINC approuvés ajoutés"
    ),
    ExportKind.SSSOM: "Lignes approuvées : relation SKOS, auteurs, dates, version de LOINC, notice",
}
_NEW_FILES = {
    ExportKind.XLSX: "XLSX",
    ExportKind.CONCEPT_MAP: "JSON",
    ExportKind.CONCEPT_MAP_R5: "JSON",
    ExportKind.FHIR_BUNDLE: "JSON",
    ExportKind.FHIR_CATALOGUE: "JSON",
    ExportKind.SSSOM: "TSV",
}
"""The formats that complete no received file, and how their files are called."""


def exports_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    reason: UncodedReason | None = None,
    refusal: str = "",
    tried: Mapping[ExportKind, ExportFile] | None = None,
) -> ExportsPage:
    """The page for this person; `reason` restricts the list of rows without code.

    `tried` is a file that was made once for nothing, by `trial`, to say what it would have to adapt.
    """
    catalogue_id = access.catalogue_id
    require_figures(session, catalogue_id)
    counts = kept.export_counts(session, catalogue_id)
    reasons = [item for item in UncodedReason if counts.of_reason(item)]
    errors = _errors(session, access)
    wanted = [item for item in reasons if reason in (None, item)]
    ids = kept.ids_without_code(session, catalogue_id, wanted, SHOWN_ROWS)
    statement = _statement(session, access, counts)
    address = f"/catalogues/{catalogue_id}/exports"
    # Blocked rows have a column of their own, that of the blocking errors.
    shown_reasons: list[UncodedReason] = [item for item in reasons if item is not UncodedReason.BLOCKED]
    blocking = sum(counts.blocking.values())
    large = is_large(session, settings, catalogue_id)
    return ExportsPage(
        title=f"Exports — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="exports",
        laboratory_name=access.laboratory.name,
        release_title=statement.release_title,
        label_origin=statement.label_origin,
        definition=definition_of(statement.release),
        version_label=version_of(session, catalogue_id).label,
        may_export=access.role in MAY_EXPORT,
        refusal=refusal,
        circuit_is_loaded=current_value_set(session, ValueSetKind.CIRCUIT_BIOLOGIE) is not None,
        levels=_levels(counts, shown_reasons),
        reasons=shown_reasons,
        unsettled=sum(counts.of_reason(item) for item in reasons if not item.is_settled),
        errors=errors,
        error_count=blocking + sum(counts.warnings.values()),
        blocking_count=blocking,
        reason_links=_reason_links(counts, reasons, reason, address),
        without_code=_without_code(session, access, ids, wanted),
        without_code_count=sum(counts.of_reason(item) for item in wanted),
        offers=_offers(session, settings, access, address, tried or {}, may_try=not large),
        past=[_past(record, name) for record, name in repository.past_exports(session, catalogue_id, SHOWN_EXPORTS)],
        is_large=large,
        evidence=_evidence(session, catalogue_id),
        prepared=prepared_lines(session, access)[:SHOWN_PREPARED],
    )


def _evidence(session: Session, catalogue_id: int) -> EvidenceOffer:
    wholes = whole_versions(signatures_of(session, catalogue_id))
    if not wholes:
        told = "Aucune version n’est signée en entier : le dossier dit l’état du jour, marqué PROJET."
        return EvidenceOffer(told=told, last="", earlier=[])
    last = wholes[-1]
    told = f"Le dossier donné est celui de la dernière version signée. {last.label} ; "
    told += left_out(changes_since(session, catalogue_id, last))
    earlier = [(whole.number, whole.label) for whole in reversed(wholes[:-1])]
    return EvidenceOffer(told=told, last=last.label, earlier=earlier[:SHOWN_VERSIONS])


def _statement(session: Session, access: CatalogueAccess, counts: kept.ExportCounts) -> Statement:
    now = utc_now()
    return Statement(
        laboratory=access.laboratory.name,
        catalogue=access.catalogue.name,
        release=current_release(session),
        made_at=now,
        made_by=access.user.display_name,
        changed_at=now,
        approvers=(),
        counts=tuple(counts.levels),
        french_producers=tuple(counts.producers),
    )


def _errors(session: Session, access: CatalogueAccess) -> list[ReportLine]:
    """The first errors that the laboratory system will report, blocking ones first."""
    catalogue_id, blind_to = access.catalogue_id, blind_person(access)
    found: list[ReportLine] = []
    for is_blocking in (True, False):
        ids = kept.ids_with_issues(session, catalogue_id, is_blocking, SHOWN_ROWS - len(found))
        shown = set(ids)
        lines = error_lines(kept.assessment_of(session, catalogue_id, ids, blind_to)) if ids else []
        found += [line for line in lines if line.test.id in shown and line.is_blocking is is_blocking]
    return found[:SHOWN_ROWS]


def _without_code(
    session: Session, access: CatalogueAccess, ids: Sequence[int], wanted: Sequence[UncodedReason]
) -> list[ReportLine]:
    shown = set(ids)
    if not ids:
        return []
    assessment = kept.assessment_of(session, access.catalogue_id, ids, blind_person(access))
    # The reason of a row that this person does not see is none of its own: it must not tell why it was found.
    lines = (line for line in lines_without_code(assessment) if assessment.reasons.get(line.test.id) in wanted)
    return [line for line in lines if line.test.id in shown]


def _levels(counts: kept.ExportCounts, reasons: list[UncodedReason]) -> list[ExportLevelLine]:
    return [
        ExportLevelLine(
            label=LEVEL_LABELS[count.level],
            rows=count.rows,
            coded=count.coded,
            without=[count.without.get(reason, 0) for reason in reasons],
            blocking=counts.blocking.get(count.level, 0),
            warnings=counts.warnings.get(count.level, 0),
        )
        for count in counts.levels
    ]


def _reason_links(
    counts: kept.ExportCounts, reasons: list[UncodedReason], chosen: UncodedReason | None, address: str
) -> list[ReasonLink]:
    return [
        ReasonLink(
            reason=reason,
            count=counts.of_reason(reason),
            href=f"{address}{'' if reason is chosen else f'?motif={reason}'}#sans-code",
            is_chosen=reason is chosen,
        )
        for reason in reasons
    ]


def _completed_content(file: SourceInfo) -> str:
    if file.kind == FileKind.FHIR:
        return "Les définitions reçues, codes LOINC approuvés ajoutés"
    return "Le fichier reçu, puis code et nom LOINC, relation, commentaire, auteurs et date"


def _completed_extension(file: SourceInfo) -> str:
    if file.kind == FileKind.FHIR:
        return "JSON"
    return "XLSX" if file.file_name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods")) else "CSV"


def _offers(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    address: str,
    tried: Mapping[ExportKind, ExportFile],
    may_try: bool,
) -> list[Offer]:
    files = repository.source_files(session, access.catalogue_id)
    moment = kept.last_approval(session, access.catalogue_id) or utc_now()
    offers = [_ans_offer(settings, kind, files, address, moment, tried.get(kind), may_try) for kind in ANS_EXPORTS]
    offers += [
        Offer(
            title=KIND_LABELS[ExportKind.ORIGINAL],
            content=_completed_content(file),
            file_name=file.file_name,
            action=f"{address}/{ExportKind.ORIGINAL}?source={file.id}",
            extension=_completed_extension(file),
        )
        for file in writers.completable(files)
    ]
    offers += [
        Offer(
            title=KIND_LABELS[kind],
            content=_CONTENTS[kind],
            file_name="",
            action=f"{address}/{kind}?",
            extension=extension,
            has_xml=extension == "JSON",
            has_archive=kind is not ExportKind.XLSX,
        )
        for kind, extension in _NEW_FILES.items()
    ]
    return offers


def _ans_offer(
    settings: Settings,
    kind: ExportKind,
    files: list[SourceInfo],
    address: str,
    moment: datetime,
    made: ExportFile | None,
    may_try: bool,
) -> Offer:
    is_usable = writers.usable_source(kind, files) is not None
    return Offer(
        title=KIND_LABELS[kind],
        content=_CONTENTS[kind],
        file_name=writers.ans_name(settings, kind, moment) if is_usable else "",
        action=f"{address}/{kind}?",
        extension="CSV",
        unavailable="" if is_usable else writers.missing_source(kind),
        check_url=f"{address}?verifier={kind}#fichiers" if is_usable and made is None and may_try else "",
        is_checked=made is not None,
        notes=made.notes if made else (),
    )


def trial(
    transactions: Transactions, settings: Settings, access: CatalogueAccess, kind: ExportKind
) -> dict[ExportKind, ExportFile]:
    """The file made once for nothing: what it would have to adapt is read before the download.

    Nothing for a format that completes no received file, nor for a large catalogue, whose files jobs make.
    """
    if kind not in ANS_EXPORTS:
        return {}
    now = utc_now()
    with transactions.reading() as session:
        files = repository.source_files(session, access.catalogue_id)
        if writers.usable_source(kind, files) is None or is_large(session, settings, access.catalogue_id):
            return {}
        if approved_unread_by(session, blind_person(access), access.catalogue_id):
            # It would be refused, as its download is.
            return {}
        facts = gather(session, access.laboratory, access.catalogue)
        received = writers.read_received(session, facts.catalogue_id, kind, None)
    if received is None:
        return {}
    assessment = facts.assessment(kind in READ_ROW_BY_ROW).of_levels(writers.levels_of(kind, received.source))
    made = writers.completed_ans(kind, received, settings, assessment, transcoding_date(assessment, now))
    return {kind: made}


def _past(record: ExportRecord, made_by: str | None) -> PastExport:
    counts = record.counts
    version = f", version {record.business_version}" if record.business_version else ""
    return PastExport(
        made_at=paris_time(record.created_at),
        made_by=made_by or "ligne de commande",
        kind=f"{KIND_LABELS[ExportKind(record.kind)]}{version}",
        file_name=record.file_name,
        figures=f"{counts.get('coded', 0)} / {counts.get('rows', 0)}",
        release=release_title(record.release_version),
        size=record.size_bytes,
        sha256=record.sha256,
    )
