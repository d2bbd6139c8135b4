"""Every time that a page shows is that of the clock of Paris; documents say that theirs is UTC."""

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
    "fhir_resources/values.py": "FHIR says its time zone",
    "exports/writers.py": "the day, in the name of a file",
    "files/workbook.py": "the cells of a received workbook",
    "publication/statement.py": "documents for audit, which say UTC",
    "publication/wording.py": "documents for audit, which say UTC",
    "upkeep/restore.py": "the name of a folder",
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


def test_no_other_module_writes_a_time_for_a_reader() -> None:
    def writes_times(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr == "strftime"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )

    writing = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if writes_times(path)}
    assert writing == set(WITH_FORMATS_OF_THEIR_OWN)


def test_no_template_writes_a_time_by_itself() -> None:
    templates = ROOT.parent / "templates"
    assert [path.name for path in templates.rglob("*.html") if "strftime" in path.read_text("utf-8")] == []


def test_screens_do_not_use_the_wording_of_documents() -> None:
    screens = [*ROOT.rglob("pages.py"), *ROOT.rglob("screen.py"), *ROOT.rglob("routes.py")]
    assert len(screens) > 20
    assert [str(path) for path in screens if "moment_text" in path.read_text("utf-8")] == []
