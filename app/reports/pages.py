"""What the page of the report shows."""

from dataclasses import dataclass

from app.models import Catalogue
from app.reports.formats import ReportFormat
from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage(PageContext):
    """The files of the report, to ask for."""

    catalogue: Catalogue
    laboratory_name: str
    version: str
    formats: list[ReportFormat]
