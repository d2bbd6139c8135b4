"""The report as a document: HTML to read on a screen, the same laid out on A4 pages."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from app.coverage.definitions import TARGET, Definition
from app.coverage.pages import FigureLine, chapter_table, figure_line
from app.coverage.report import CoverageReport
from app.coverage.wording import NO_OFFICIAL_DENOMINATOR, counted_as_transcoded, is_indicative
from app.effective import wording
from app.effective.reported import NO_REPAIR, EffectiveSection
from app.reports import charts
from app.reports.charts import Share, chart
from app.reports.content import Listed, ReportContent
from app.settings import resource_dir
from app.text import paris_time, stamp_day
from app.web.static_files import static_url
from app.web.templating import environment

STYLE = "css/report_document.css"
SHORT = 18
"""Letters of a text that stays on one line: a code, a relation, a day and its hour."""
WIDEST = 90
"""Letters beyond which a longer text makes its column no wider."""
LETTER_POINTS, PADDING_POINTS, PAGE_POINTS = 4.4, 8, 538
"""Of a bold letter of the tables, of the margins of a cell, and of the width of the text on A4."""
MOST_LETTERS = 280
"""Of a justification or a message: the whole is in the file of the rows."""
WIDTH_RULES = "table.list { table-layout: fixed }\n" + "".join(
    "col.w{0} {{ width: {0}% }}\n".format(width) for width in range(1, 101)  # noqa: UP032
)
"""A long list, and a rule for each width that a column of it may have: no element carries a style of its own. Not an
f-string, the mark of a percentage that is printed, which is made in one place only."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """The file that holds every row, which the document names by what it contains."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "RowFile":
        """A file from its bytes."""
        return cls(name, hashlib.sha256(content).hexdigest())


def column_widths(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
    """The widths of the columns of a long list, in hundredths of the page: with set widths a page is laid out without
    a look at the rows of the others. Short texts stay on one line, the long ones share what is left by what they hold.
    """
    lengths = []
    for number, heading in enumerate(headings):
        # Bold letters are a fifth wider.
        longest_word = max(len(word) * 6 // 5 for word in heading.split())
        lengths.append(sorted([longest_word, *(len(line[number]) for line in lines)]))
    short = {n: ceil(_share(every[-1])) for n, every in enumerate(lengths) if every[-1] <= SHORT}
    prose = {n: min(every[len(every) * 9 // 10], WIDEST) for n, every in enumerate(lengths) if n not in short}
    left = max(100 - sum(short.values()), 10)
    wide = short | {n: max(left * letters // sum(prose.values()), 1) for n, letters in prose.items()}
    return [wide[n] for n in sorted(wide)]


def _share(letters: int) -> float:
    """Of the width of a page, for so many letters and what surrounds them."""
    return 100 * (letters * LETTER_POINTS + PADDING_POINTS) / PAGE_POINTS


def document_html(content: ReportContent, row_file: RowFile) -> str:
    """The whole document, with its style and its pictures inside it: one file that fetches nothing."""
    values = _opening(content.coverage, content.version, paris_time(content.facts.state.changed_at), row_file)
    values |= _outside(content.excluded, content.without_code)
    values |= _effective(content.effective)
    return _rendered("document.html", values | {"content": content, "statement": content.statement})


def opening_html(coverage: CoverageReport, version: str, changed_at: str, row_file: RowFile) -> str:
    """How the document begins: every figure, under each definition and by chapter. `changed_at`: as it is printed."""
    return _rendered("_opening.html", _opening(coverage, version, changed_at, row_file))


def effective_html(section: EffectiveSection | None) -> str:
    """The part of the document that says what emitted reports carried; empty without a run."""
    return _rendered("_effective.html", _effective(section)) if section else ""


def outside_html(excluded: Listed, without_code: Listed) -> str:
    """The part of the document that lists the rows that are not transcoded."""
    return _rendered("_outside.html", _outside(excluded, without_code))


def _opening(coverage: CoverageReport, version: str, changed_at: str, row_file: RowFile) -> dict[str, Any]:
    chapters = [chapter_table(level, figures) for level, figures in coverage.chapters.items()]
    figures = [figure_line(definition, figure) for definition, figure in coverage.figures]
    every = [
        Share(_named(definition, line), line.numerator, line.denominator)
        for (definition, _), line in zip(coverage.figures, figures, strict=True)
    ]
    return {
        "coverage": coverage,
        "context": coverage.context,
        "version": version,
        "changed_at": changed_at,
        "figures": figures,
        "chapters": chapters,
        "figures_chart": chart("Part transcodée selon chaque définition", every, TARGET),
        "chapter_charts": [
            chart(
                f"Part transcodée de chaque chapitre : {table.title}",
                [Share(line.chapter, line.transcoded, line.rows) for line in table.lines],
                TARGET,
            )
            for table in chapters
        ],
        "sizes": charts,
        "definition": counted_as_transcoded(coverage.context.grace),
        "denominator_note": NO_OFFICIAL_DENOMINATOR,
        "row_file": row_file,
    }


def _outside(excluded: Listed, without_code: Listed) -> dict[str, Any]:
    return {"excluded": excluded, "without_code": without_code}


def _effective(section: EffectiveSection | None) -> dict[str, Any]:
    if section is None:
        return {}
    return {
        "effective": section,
        "effective_repairs": Listed(section.shown, len(section.repairs)),
        "nothing_to_repair": NO_REPAIR,
        "what_is_a_result": wording.WHAT_IS_A_RESULT,
        "by_chapter": wording.BY_CHAPTER,
    }


def _rendered(name: str, values: Mapping[str, Any]) -> str:
    template = environment().get_template(f"reports/{name}")
    html = template.render(most_letters=MOST_LETTERS, column_widths=column_widths, **values)
    # Linked in the template like that of any page; a file that travels carries it.
    style = (resource_dir("static") / STYLE).read_text(encoding="utf-8") + WIDTH_RULES
    return html.replace(f'<link rel="stylesheet" href="{static_url(STYLE)}">', f"<style>{style}</style>")


def _named(definition: Definition, line: FigureLine) -> str:
    """The name of a bar, whose definition is in the table below; one that no approval bears out says so beside it."""
    return f"{'Indicatif : ' if is_indicative(definition) else ''}{line.name}, {line.scope}"


def base_name(coverage: CoverageReport) -> str:
    """How the files of a report are called, before the ending: catalogue and day of Paris."""
    day = stamp_day(coverage.context.computed_at)
    return f"rapport-catalogue-{coverage.context.catalogue_id}-{day}"
