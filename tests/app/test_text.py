"""Days and hours are those of Paris, around midnight and when the clocks change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from app.text import iso_day, paris_day, paris_time, release_title, stamp_day, with_capital


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        (datetime(2026, 1, 14, 22, 59), "2026-01-14", "23:59"),
        (datetime(2026, 1, 14, 23, 0), "2026-01-15", "00:00"),
        (datetime(2026, 7, 13, 21, 59), "2026-07-13", "23:59"),
        (datetime(2026, 7, 13, 22, 0), "2026-07-14", "00:00"),
        # Summer time begins on 29 March 2026 and ends on 25 October 2026, at 1 UTC.
        (datetime(2026, 3, 28, 23, 30), "2026-03-29", "00:30"),
        (datetime(2026, 3, 29, 0, 59), "2026-03-29", "01:59"),
        (datetime(2026, 3, 29, 1, 0), "2026-03-29", "03:00"),
        (datetime(2026, 3, 29, 22, 0), "2026-03-30", "00:00"),
        (datetime(2026, 10, 24, 22, 0), "2026-10-25", "00:00"),
        (datetime(2026, 10, 25, 0, 30), "2026-10-25", "02:30"),
        (datetime(2026, 10, 25, 1, 30), "2026-10-25", "02:30"),
        (datetime(2026, 10, 25, 22, 59), "2026-10-25", "23:59"),
        (datetime(2026, 12, 31, 23, 0), "2027-01-01", "00:00"),
    ],
)
@pytest.mark.parametrize("zone", [UTC, None], ids=["said", "unsaid"])
def test_days_are_those_of_paris(moment: datetime, day: str, hour: str, zone: object) -> None:
    known = moment.replace(tzinfo=zone)  # type: ignore[arg-type]
    year, month, number = day.split("-")
    assert iso_day(known) == day
    assert paris_day(known) == f"{number}/{month}/{year}"
    assert stamp_day(known) == day.replace("-", "")
    assert paris_time(known) == f"{number}/{month}/{year} {hour}"


def test_no_moment_is_no_text() -> None:
    assert (iso_day(None), paris_day(None), paris_time(None)) == ("", "", "")


def test_a_release_has_one_name() -> None:
    assert [release_title(version) for version in ("2.82", "starter-2026.11", "")] == [
        "LOINC 2.82",
        "Terminologie de départ 2026.11",
        "",
    ]


def test_a_capital_leaves_the_other_letters_as_they_are() -> None:
    assert with_capital("déclaré qu'aucun code LOINC n'existe") == "Déclaré qu'aucun code LOINC n'existe"
    assert with_capital("étranger") == "Étranger"
    assert with_capital("") == ""


def test_no_sentence_loses_the_capitals_of_loinc() -> None:
    folder = Path(app.__file__).parent
    files = [path for path in folder.rglob("*.py") if ".capitalize()" in path.read_text(encoding="utf-8")]
    templates = [
        path for path in (folder.parent / "templates").rglob("*.html") if "|capitalize" in path.read_text("utf-8")
    ]
    assert files + templates == []
