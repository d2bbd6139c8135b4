"""The report as a document: HTML to read on a screen, the same laid out on A4 pages."""

import hashlib
from dataclasses import dataclass

from app.coverage.definitions import TARGET, Definition
from app.coverage.pages import FigureLine, chapter_table, figure_line
from app.coverage.report import CoverageReport
from app.coverage.wording import NO_OFFICIAL_DENOMINATOR, counted_as_transcoded, is_indicative
from app.reports import charts
from app.reports.charts import Share, chart
from app.reports.content import ReportContent
from app.settings import resource_dir
from app.text import stamp_day
from app.web.static_files import static_url
from app.web.templating import environment
from loinc_data.notice import LOINC_NOTICE

STYLE = "css/report_document.css"
MOST_LETTERS = 280
"""Of a justification or a message: the whole is in the file of the rows."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """The file that holds every row, which the document names by what it contains."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "RowFile":
        """A file from its bytes."""
        return cls(name, hashlib.sha256(content).hexdigest())


def document_html(content: ReportContent, row_file: RowFile) -> str:
    """The whole document, with its style and its pictures inside it: one file that fetches nothing."""
    coverage = content.coverage
    chapters = [chapter_table(level, figures) for level, figures in coverage.chapters.items()]
    figures = [figure_line(definition, figure) for definition, figure in coverage.figures]
    every = [
        Share(_named(definition, line), line.numerator, line.denominator)
        for (definition, _), line in zip(coverage.figures, figures, strict=True)
    ]
    template = environment().get_template("reports/document.html")
    html = template.render(
        content=content,
        context=coverage.context,
        statement=content.statement,
        figures=figures,
        chapters=chapters,
        figures_chart=chart("Part transcodée selon chaque définition", every, TARGET),
        chapter_charts=[
            chart(
                f"Part transcodée de chaque chapitre : {table.title}",
                [Share(line.chapter, line.transcoded, line.rows) for line in table.lines],
                TARGET,
            )
            for table in chapters
        ],
        sizes=charts,
        definition=counted_as_transcoded(coverage.context.grace),
        denominator_note=NO_OFFICIAL_DENOMINATOR,
        row_file=row_file,
        notice=LOINC_NOTICE,
        most_letters=MOST_LETTERS,
    )
    # Linked in the template like that of any page; a file that travels carries it.
    style = (resource_dir("static") / STYLE).read_text(encoding="utf-8")
    return html.replace(f'<link rel="stylesheet" href="{static_url(STYLE)}">', f"<style>{style}</style>")


def _named(definition: Definition, line: FigureLine) -> str:
    """The name of a bar, whose definition is in the table below; one that no approval bears out says so beside it."""
    return f"{'Indicatif : ' if is_indicative(definition) else ''}{line.name}, {line.scope}"


def base_name(coverage: CoverageReport) -> str:
    """How the files of a report are called, before the ending: catalogue and day of Paris."""
    day = stamp_day(coverage.context.computed_at)
    return f"rapport-catalogue-{coverage.context.catalogue_id}-{day}"
