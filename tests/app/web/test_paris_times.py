"""Every day and time that a page or a document shows is that of Paris; what programs read says its zone."""

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from app.text import paris_time
from app.web.templating import environment

ROOT = Path(app.__file__).parent
WITH_FORMATS_OF_THEIR_OWN = {
    "text.py": "the clock of Paris itself",
    "catalogues/routes.py": "the month in Paris",
    "audit/shapes.py": "whether a stored moment is one",
    "audit/heads.py": "a file for machines, in UTC",
    "exports/original.py": "a day of Paris, in a CSV",
    "exports/sheet_layout.py": "an hour of Paris, on printed pages",
    "fhir_resources/naming.py": "versions to the second, in UTC",
    "fhir_resources/values.py": "FHIR says its time zone",
    "emitted/cda_document.py": "orders the versions of a report; nobody reads it",
    "emitted/fhir_documents.py": "the same",
    "demonstration/emitted.py": "the times that messages of HL7 v2 carry",
    "publication/state.py": "the mark of a state, in UTC",
    "files/workbook.py": "the cells of a received workbook",
    "platform/backup_before.py": "the name of a file, which says Z",
    "upkeep/restore.py": "the name of a folder",
    "claims/verification.py": "a day that a person typed: what verifies a pack needs nothing of the application",
    "claims/figures_files.py": "the clock of Paris, written again for the same reason",
    "versions/page_building.py": "the moment of a signature in UTC, beside that of Paris",
}


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 21, 14, 5, tzinfo=UTC), "21/11/2026 15:05"),
        (datetime(2026, 7, 31, 22, 30, tzinfo=UTC), "01/08/2026 00:30"),
        (datetime(2026, 7, 31, 22, 30), "01/08/2026 00:30"),
        (None, ""),
    ],
)
def test_pages_show_the_time_of_paris(moment: datetime | None, shown: str) -> None:
    page = environment().from_string("{{ moment|moment }}").render(moment=moment)
    assert page == shown
    assert paris_time(moment) == shown


def _formats_a_time(node: ast.AST) -> bool:
    """`strftime`, a format such as `{moment:%Y}`, or the day of a moment in whatever zone it is."""
    if isinstance(node, ast.Attribute):
        day = node.value.func if isinstance(node.value, ast.Call) else None
        is_day = node.attr == "isoformat" and isinstance(day, ast.Attribute) and day.attr == "date"
        return node.attr == "strftime" or is_day
    if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
        return any("%" in str(part.value) for part in node.format_spec.values if isinstance(part, ast.Constant))
    return False


def test_no_other_module_writes_a_time_for_a_reader() -> None:
    def writes_times(path: Path) -> bool:
        return any(_formats_a_time(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))

    writing = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if writes_times(path)}
    assert writing == set(WITH_FORMATS_OF_THEIR_OWN)


def test_no_template_writes_a_time_by_itself() -> None:
    templates = ROOT.parent / "templates"
    assert [path.name for path in templates.rglob("*.html") if "strftime" in path.read_text("utf-8")] == []
