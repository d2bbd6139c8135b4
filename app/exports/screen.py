"""What the page of exports shows, from the same facts and checks as the files."""

from sqlmodel import Session

from app.exports import repository, writers
from app.exports.ans_files import ANS_EXPORTS
from app.exports.format_names import KIND_LABELS
from app.exports.pages import ExportLevelLine, ExportsPage, Offer, PastExport, ReasonLink
from app.exports.report import error_lines, lines_without_code
from app.exports.schemas import READ_ROW_BY_ROW, ExportFile, ExportKind, SourceInfo
from app.models import CONTRIBUTORS, ExportRecord, FileKind, utc_now
from app.platform.identity import CatalogueAccess
from app.publication.assessment import DEFINITION, Assessment
from app.publication.schemas import LEVEL_LABELS, SglSeverity, UncodedReason
from app.publication.service import CatalogueFacts, gather, statement_of, transcoding_date
from app.publication.wording import moment_text
from app.settings import Settings
from app.storage.pages import prepared_lines
from app.storage.prepared import is_large

MAY_EXPORT = CONTRIBUTORS
SHOWN_ROWS = 200
SHOWN_EXPORTS = 50
SHOWN_PREPARED = 5

_CONTENTS = {
    ExportKind.LOINC_4: "LOINC_1 tel que reçu, puis code et libellé LOINC du chapitre et du sous-chapitre",
    ExportKind.LOINC_5: "LOINC_2 tel que reçu, puis code et libellé LOINC de l'examen",
    ExportKind.LOINC_6: "LOINC_3 tel que reçu, puis code et libellé LOINC de l'analyse",
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
) -> ExportsPage:
    """The page for this person; `reason` restricts the list of rows without code."""
    facts = gather(session, access.laboratory, access.catalogue)
    assessment = facts.assessment()
    errors = error_lines(assessment)
    listed = [
        line for line in lines_without_code(assessment) if reason is None or assessment.reasons[line.test.id] is reason
    ]
    statement = statement_of(facts, assessment, utc_now(), access.user.display_name)
    address = f"/catalogues/{access.catalogue_id}/exports"
    reasons = [item for item in UncodedReason if item in assessment.reasons.values()]
    # Blocked rows have a column of their own, that of the blocking errors.
    shown_reasons: list[UncodedReason] = [item for item in reasons if item is not UncodedReason.BLOCKED]
    return ExportsPage(
        title=f"Exports — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="exports",
        laboratory_name=access.laboratory.name,
        release_title=statement.release_title,
        label_origin=statement.label_origin,
        definition=DEFINITION,
        may_export=access.role in MAY_EXPORT,
        refusal=refusal,
        circuit_is_loaded=assessment.circuit_is_loaded,
        levels=_levels(assessment, shown_reasons),
        reasons=shown_reasons,
        unsettled=len(assessment.unsettled),
        errors=errors[:SHOWN_ROWS],
        error_count=len(errors),
        blocking_count=len(assessment.blocking),
        reason_links=_reason_links(assessment, reasons, reason, address),
        without_code=listed[:SHOWN_ROWS],
        without_code_count=len(listed),
        offers=_offers(session, settings, facts, address),
        past=[_past(record, name) for record, name in _records(session, facts)],
        is_large=is_large(session, settings, access.catalogue_id),
        prepared=prepared_lines(session, access)[:SHOWN_PREPARED],
    )


def _levels(assessment: Assessment, reasons: list[UncodedReason]) -> list[ExportLevelLine]:
    lines = []
    for count in assessment.counts():
        issues = [issue.severity for issue in assessment.issues if issue.test.level is count.level]
        lines.append(
            ExportLevelLine(
                label=LEVEL_LABELS[count.level],
                rows=count.rows,
                coded=count.coded,
                share=count.coded / count.rows,
                without=[count.without.get(reason, 0) for reason in reasons],
                blocking=issues.count(SglSeverity.BLOCKING),
                warnings=issues.count(SglSeverity.WARNING),
            )
        )
    return lines


def _reason_links(
    assessment: Assessment, reasons: list[UncodedReason], chosen: UncodedReason | None, address: str
) -> list[ReasonLink]:
    found = list(assessment.reasons.values())
    return [
        ReasonLink(
            reason=reason,
            count=found.count(reason),
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


def _offers(session: Session, settings: Settings, facts: CatalogueFacts, address: str) -> list[Offer]:
    files = repository.source_files(session, facts.catalogue_id)
    offers = [_ans_offer(session, settings, facts, kind, files, address) for kind in ANS_EXPORTS]
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
    session: Session,
    settings: Settings,
    facts: CatalogueFacts,
    kind: ExportKind,
    files: list[SourceInfo],
    address: str,
) -> Offer:
    unavailable, made = "", None
    if writers.usable_source(kind, files) is None:
        unavailable = writers.missing_source(kind)
    else:
        made = _trial(session, settings, facts, kind)
    return Offer(
        title=KIND_LABELS[kind],
        content=_CONTENTS[kind],
        file_name=made.name if made else "",
        action=f"{address}/{kind}?",
        extension="CSV",
        unavailable=unavailable,
        notes=made.notes if made else (),
    )


def _trial(session: Session, settings: Settings, facts: CatalogueFacts, kind: ExportKind) -> ExportFile | None:
    """The file made once for nothing: what it would have to adapt is read before the download."""
    now = utc_now()
    received = writers.read_received(session, facts.catalogue_id, kind, None)
    if received is None:
        return None
    assessment = facts.assessment(kind in READ_ROW_BY_ROW).of_levels(writers.levels_of(kind, received.source))
    statement = statement_of(facts, assessment, now, "")
    return writers.completed(kind, received, settings, assessment, statement, transcoding_date(assessment, now))


def _records(session: Session, facts: CatalogueFacts) -> list[tuple[ExportRecord, str | None]]:
    return repository.past_exports(session, facts.catalogue_id, SHOWN_EXPORTS)


def _past(record: ExportRecord, made_by: str | None) -> PastExport:
    counts = record.counts
    version = f", version {record.business_version}" if record.business_version else ""
    return PastExport(
        made_at=moment_text(record.created_at),
        made_by=made_by or "ligne de commande",
        kind=f"{KIND_LABELS[ExportKind(record.kind)]}{version}",
        file_name=record.file_name,
        figures=f"{counts.get('coded', 0)} / {counts.get('rows', 0)}",
        release=record.release_version,
        size=record.size_bytes,
        sha256=record.sha256,
    )
