"""The coverage report as files: CSV for a spreadsheet, JSON for a program."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from app.coverage.definitions import TARGET, Definition, Figure, choices_of
from app.coverage.pages import chapter_table, emptied_rows, listed, without_code_rows
from app.coverage.report import CoverageReport
from app.coverage.wording import (
    counted_as_transcoded,
    day_sentence,
    is_indicative,
    name_of,
    scope_of,
    sentence_of,
)
from app.models import Level
from app.text import french_day, paris_time
from app.transcoding.standing import Standing
from loinc_data.notice import LOINC_NOTICE

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class CsvKind(StrEnum):
    """The tables that can be had as CSV; the value is the address."""

    FIGURES = "indicateurs"
    CHAPTERS = "chapitres"
    OUT_OF_SCOPE = "hors-perimetre"
    WITHOUT_CODE = "sans-code"


class Document(StrEnum):
    """Everything that can be had of the report: the tables as CSV, and the whole as JSON."""

    FIGURES = CsvKind.FIGURES.value
    CHAPTERS = CsvKind.CHAPTERS.value
    OUT_OF_SCOPE = CsvKind.OUT_OF_SCOPE.value
    WITHOUT_CODE = CsvKind.WITHOUT_CODE.value
    REPORT = "rapport"

    @property
    def label(self) -> str:
        """What the document is, in French."""
        return _TITLES[self]


_TITLES = {
    Document.FIGURES: "Couverture : indicateurs (CSV)",
    Document.CHAPTERS: "Couverture : chapitres (CSV)",
    Document.OUT_OF_SCOPE: "Couverture : lignes hors périmètre (CSV)",
    Document.WITHOUT_CODE: "Couverture : lignes approuvées sans code (CSV)",
    Document.REPORT: "Rapport de couverture (JSON)",
}


def written(report: CoverageReport, document: Document) -> tuple[str, str, bytes]:
    """The name, the media type and the content of a document of the report."""
    name = f"couverture-{report.context.catalogue_id}"
    if report.context.day:
        name += f"-au-{report.context.day.isoformat()}"
    if document is Document.REPORT:
        return f"{name}.json", "application/json", report_json(report).encode()
    return f"{name}-{document.value}.csv", "text/csv; charset=utf-8", report_csv(report, CsvKind(document.value))


def report_csv(report: CoverageReport, kind: CsvKind) -> bytes:
    """One table of the report, for French spreadsheets; the first lines say what it is."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for line in (*_head(report), [], *_lines(report, kind)):
        writer.writerow([_safe(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")


def _lines(report: CoverageReport, kind: CsvKind) -> list[Sequence[Any]]:
    if kind is CsvKind.FIGURES:
        return _figures(report)
    if kind is CsvKind.CHAPTERS:
        return _chapters(report)
    if kind is CsvKind.OUT_OF_SCOPE:
        return _rows([*(listed(row) for row in report.out_of_scope), *emptied_rows(report)])
    return _rows(without_code_rows(report))


def _safe(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _head(report: CoverageReport) -> list[list[str]]:
    context = report.context
    return [
        ["Laboratoire", context.laboratory, context.laboratory_finess],
        ["Catalogue", context.catalogue],
        *([["Version du transcodage", context.version_label]] if context.version_label else []),
        ["Version de LOINC", context.release_title],
        ["Calculé le", paris_time(context.computed_at)],
        *([["Chiffres de la fin du", french_day(context.day), day_sentence(context.day)]] if context.day else []),
        ["Définition", counted_as_transcoded(context.grace)],
        *([["Chaîne d’audit", context.audit_head]] if context.audit_head else []),
        *(["À savoir", sentence] for sentence in report.all_warnings),
        ["LOINC", LOINC_NOTICE],
    ]


def _figures(report: CoverageReport) -> list[Sequence[Any]]:
    lines: list[Sequence[Any]] = [
        (
            "Indicateur",
            "Périmètre",
            "Transcodé",
            "Total",
            "Taux",
            "80\u00a0% atteint",
            "Lignes manquantes",
            "Définition",
        )
    ]
    for definition, figure in report.figures:
        lines.append(
            (
                name_of(definition),
                scope_of(definition),
                figure.numerator,
                figure.denominator,
                figure.percent,
                "oui" if figure.is_reached else "non",
                figure.rows_missing,
                sentence_of(definition),
            )
        )
    return lines


def _chapters(report: CoverageReport) -> list[Sequence[Any]]:
    lines: list[Sequence[Any]] = [
        ("Niveau", "Chapitre", "Dans le périmètre", "Transcodées", "Taux", "Manque pour 80\u00a0%", "À approuver",
         "À traiter", "Sans code", "Hors périmètre")
    ]  # fmt: skip
    for level, figures in report.chapters.items():
        table = chapter_table(level, figures)
        for line in table.lines:
            share = (line.rows, line.transcoded, line.percent, line.rows_missing)
            rest = (line.waiting, line.unfinished, line.without_code, line.out_of_scope)
            lines.append((table.title, line.chapter, *share, *rest))
    return lines


def _rows(rows: Iterable[Any]) -> list[Sequence[Any]]:
    lines: list[Sequence[Any]] = [("Niveau", "Code", "Libellé", "Chapitre", "Motif", "LOINC", "Approuvée par")]
    lines.extend(
        (row.level, row.code, row.label, row.chapter, row.cause, row.loinc_num, row.approved_by) for row in rows
    )
    return lines


def _rate(figure: Figure) -> float | None:
    """The share rounded down to four decimals, exactly."""
    return figure.numerator * 10_000 // figure.denominator / 10_000 if figure.denominator else None


def _figure_json(definition: Definition, figure: Figure) -> dict[str, Any]:
    return {
        "level": definition.level.value,
        "measure": definition.measure.value,
        "with_subcontracted": definition.with_subcontracted,
        "exam_rule": definition.exam_rule.value if definition.level is Level.EXAM else None,
        "definition": sentence_of(definition),
        "title": definition.title or None,
        "composed": definition.public_id or None,
        "choices": choices_of(definition),
        "is_indicative": is_indicative(definition),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "rate": _rate(figure),
        "target": float(TARGET),
        "target_reached": figure.is_reached,
        "rows_missing": figure.rows_missing,
        "rows_without_volume": figure.rows_without_volume,
        "exams_without_analysis_in_scope": figure.rows_emptied,
        "rows_by_standing": {standing.value: figure.standings.get(standing, 0) for standing in Standing},
    }


def report_json(report: CoverageReport) -> str:
    """The whole report; the sentences are those of the page."""
    context = report.context
    content = {
        "laboratory": {"name": context.laboratory, "finess": context.laboratory_finess},
        "catalogue": {"id": context.catalogue_id, "name": context.catalogue},
        "mapping_version": context.version_label or None,
        "loinc_release": {"version": context.release_version, "kind": context.release_kind},
        "computed_at": context.computed_at.isoformat(),
        "audit_head": context.audit_head or None,
        "figures_of_the_end_of": context.day.isoformat() if context.day else None,
        "counted_as_transcoded": counted_as_transcoded(context.grace),
        "deprecated_codes_count_until": context.grace.last_day.isoformat() if context.grace.last_day else None,
        "figures": [_figure_json(definition, figure) for definition, figure in report.figures],
        "chapters": {
            level.value: [
                {
                    "chapter": chapter,
                    "numerator": figure.numerator,
                    "denominator": figure.denominator,
                    "rate": _rate(figure),
                    "rows_missing": figure.rows_missing,
                }
                for chapter, figure in figures.items()
            ]
            for level, figures in report.chapters.items()
        },
        "out_of_scope": [_row_json(row) for row in report.out_of_scope],
        "exams_without_analysis_in_scope": [_row_json(row) for row in report.emptied],
        "approved_without_code": [
            {**_row_json(row), "standing": standing.value} for row, standing in report.without_code
        ],
        "approved_by": [
            {
                "name": item.name,
                "with_code": item.with_code,
                "without_code": item.without_code,
                "first_at": item.first_at.isoformat(),
                "last_at": item.last_at.isoformat(),
            }
            for item in report.approvers
        ],
        "warnings": list(report.all_warnings),
        "loinc_notice": LOINC_NOTICE,
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _row_json(row: Any) -> dict[str, Any]:
    return {
        "level": row.level.value,
        "code": row.code,
        "label": row.label,
        "chapter": row.chapter,
        "reason": row.reason,
        "loinc": row.loinc_num,
        "approved_by": row.approved_by,
    }
