"""The report as a document: HTML to read on a screen, the same laid out on A4 pages."""

import hashlib
from dataclasses import dataclass

from app.coverage.definitions import TARGET
from app.coverage.pages import chapter_table, figure_line
from app.coverage.report import CoverageReport
from app.coverage.wording import NO_OFFICIAL_DENOMINATOR, counted_as_transcoded
from app.reports import charts
from app.reports.charts import Share, chart
from app.reports.content import Listed, ReportContent
from app.settings import resource_dir
from app.text import stamp_day
from app.web.static_files import static_url
from app.web.templating import environment
from loinc_data.notice import LOINC_NOTICE

STYLE = "css/report_document.css"
SHORT = 18
"""Letters of a text that stays on one line: a code, a relation, a day and its hour."""
WIDEST = 90
"""Letters beyond which a longer text makes its column no wider."""
LETTER_POINTS, PADDING_POINTS, PAGE_POINTS = 4.4, 8, 538
"""Of a bold letter of the tables, of the margins of a cell, and of the width of the text on A4."""
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


@dataclass(frozen=True, slots=True)
class PrintedList:
    """A long list whose columns have set widths, so that a page is laid out without a look at the rows of others."""

    slug: str
    headings: tuple[str, ...]
    listed: Listed

    @property
    def rules(self) -> str:
        """The CSS of its columns: short texts stay on one line, the long ones share what is left by what they hold."""
        lengths = [self._lengths(number) for number in range(len(self.headings))]
        short = {n: _share(every[-1]) for n, every in enumerate(lengths) if every[-1] <= SHORT}
        prose = {n: min(every[len(every) * 9 // 10], WIDEST) for n, every in enumerate(lengths) if n not in short}
        left = max(100 - sum(short.values()), 10)
        wide = short | {n: left * letters / sum(prose.values()) for n, letters in prose.items()}
        return "".join(f".{self.slug} col:nth-child({n + 1}) {{ width: {wide[n]:.1f}% }}\n" for n in sorted(wide))

    def _lengths(self, number: int) -> list[int]:
        """Letters of the texts of a column, and of the longest word of its heading (bold: a fifth wider), in order."""
        heading = max(len(word) * 6 // 5 for word in self.headings[number].split())
        return sorted([heading, *(len(line[number]) for line in self.listed.lines)])


def _share(letters: int) -> float:
    """Of the width of a page, for so many letters and what surrounds them."""
    return 100 * (letters * LETTER_POINTS + PADDING_POINTS) / PAGE_POINTS


def lists_of(content: ReportContent) -> dict[str, PrintedList]:
    """The lists of the document, by what they are of."""
    of_code = ("Niveau", "Code", "Libellé", "Chapitre")
    of_choice = ("Code", "Libellé", "LOINC", "Relation", "Justification", "Décidée par", "Approuvée par", "Le")
    found = (
        PrintedList("excluded", (*of_code, "Motif", "Approuvée par"), content.excluded),
        PrintedList("without-code", (*of_code, "Cause", "Approuvée par"), content.without_code),
        PrintedList("justified", of_choice, content.justified),
        PrintedList("anomalies", ("Gravité", "Code", "Libellé", "LOINC", "Message"), content.anomalies),
    )
    return {item.slug: item for item in found}


def document_html(content: ReportContent, row_file: RowFile) -> str:
    """The whole document, with its style and its pictures inside it: one file that fetches nothing."""
    coverage = content.coverage
    chapters = [chapter_table(level, figures) for level, figures in coverage.chapters.items()]
    figures = [figure_line(definition, figure) for definition, figure in coverage.figures]
    every = [Share(f"{line.name}, {line.scope}", line.numerator, line.denominator) for line in figures]
    lists = lists_of(content)
    template = environment().get_template("reports/document.html")
    html = template.render(
        content=content,
        lists=lists,
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
    style += "".join(item.rules for item in lists.values())
    return html.replace(f'<link rel="stylesheet" href="{static_url(STYLE)}">', f"<style>{style}</style>")


def base_name(coverage: CoverageReport) -> str:
    """How the files of a report are called, before the ending: catalogue and day of Paris."""
    day = stamp_day(coverage.context.computed_at)
    return f"rapport-catalogue-{coverage.context.catalogue_id}-{day}"
