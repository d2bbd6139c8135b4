"""The files that a report can be had as."""

from enum import StrEnum

from app.platform.open_transactions import forbid_open_transaction
from app.reports.content import ReportContent
from app.reports.document import RowFile, base_name, document_html
from app.reports.effective_file import effective_csv
from app.reports.pdf import pdf_of
from app.reports.row_file import CSV_TYPE, XLSX_TYPE, rows_csv, rows_workbook


class ReportFormat(StrEnum):
    """One file; the value is its address."""

    PDF = "pdf"
    HTML = "html"
    XLSX = "xlsx"
    CSV = "csv"
    EFFECTIVE_CSV = "effectif"

    @property
    def label(self) -> str:
        """What the file is, in French."""
        return _LABELS[self]


_LABELS = {
    ReportFormat.PDF: "Rapport à imprimer (PDF, A4)",
    ReportFormat.HTML: "Rapport à lire (HTML)",
    ReportFormat.XLSX: "Toutes les lignes (classeur XLSX)",
    ReportFormat.CSV: "Toutes les lignes (CSV)",
    ReportFormat.EFFECTIVE_CSV: "Transcodage effectif, à corriger (CSV)",
}


def written(content: ReportContent, asked: ReportFormat) -> tuple[str, str, bytes]:
    """The name, the media type and the bytes of a file of the report; raises ConflictError as `pdf_of`."""
    forbid_open_transaction("write a report")
    base = base_name(content.coverage)
    if asked is ReportFormat.XLSX:
        return f"{base}-lignes.xlsx", XLSX_TYPE, rows_workbook(content)
    if asked is ReportFormat.EFFECTIVE_CSV:
        return f"{base}-effectif.csv", CSV_TYPE, effective_csv(content)
    rows = rows_csv(content)
    rows_name = f"{base}-lignes.csv"
    if asked is ReportFormat.CSV:
        return rows_name, CSV_TYPE, rows
    html = document_html(content, RowFile.of(rows_name, rows))
    if asked is ReportFormat.HTML:
        return f"{base}.html", "text/html; charset=utf-8", html.encode()
    return f"{base}.pdf", "application/pdf", pdf_of(html)
