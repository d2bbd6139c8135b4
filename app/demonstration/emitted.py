"""The reports that the laboratory system of the demonstration emits: invented, of nobody, and read as any others are.

They carry what such systems carry: for most of the approved rows the code that was approved, for some the local code
alone, for a few another code; codes that the catalogue does not have; a unit that cannot be of the code.
"""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.effective.measuring import against_now, measure
from app.effective.service import Period, keep
from app.models import Level, LocalTest, Outcome, ReviewState, Status
from app.models.base import moment_told
from app.platform.apart import Here
from app.platform.database import reading, transaction
from app.platform.identity import CatalogueAccess
from app.settings import Settings

REPORTS = 120
AT_LEAST, AT_MOST = 5, 14
"""Results of one report."""
UNTOLD = ("NVCRP^Protéine C réactive (nouvel automate)^L", "PLT5^Plaquettes (relecture)^L")
"""What is emitted and is in no catalogue."""
DAYS = 7
"""Days of the reports, the last one the eve of the reading."""


def read_some(engine: Engine, settings: Settings, access: CatalogueAccess, moment: datetime) -> int:
    """Read a week of reports as of this moment and keep what they carried; how many reports there were."""
    with reading(engine) as session:
        rows = _rows(session, access.catalogue_id)
    if not rows:
        return 0
    last = moment.date() - timedelta(days=1)
    with tempfile.TemporaryDirectory() as folder, moment_told(moment):
        file = Path(folder) / "comptes-rendus.hl7"
        file.write_text("".join(_messages(rows, moment - timedelta(days=1))), encoding="utf-8", newline="")
        with reading(engine) as session:
            against = against_now(session, access.laboratory, access.catalogue)
        measured = measure(engine, settings, Here(engine), against, [file])
        with transaction(engine) as session:
            keep(session, measured, access.user, Period(last - timedelta(days=DAYS - 1), last))
    return measured.figures.reports


def _rows(session: Session, catalogue_id: int) -> list[tuple[str, str, str, str, str]]:
    """(local code, label, unit, chapter, approved code or nothing) of each analysis that is run."""
    statement = (
        select(LocalTest, ReviewState)
        .join(ReviewState, col(ReviewState.local_test_id) == col(LocalTest.id), isouter=True)
        .where(
            LocalTest.catalogue_id == catalogue_id, LocalTest.level == Level.ANALYSIS,
            ~col(LocalTest.is_retired), col(LocalTest.retired_at).is_(None),
        )
        .order_by(col(LocalTest.id))
    )  # fmt: skip
    found = []
    for test, state in session.exec(statement).all():
        is_approved = state is not None and state.status == Status.APPROVED and state.outcome == Outcome.CODE
        found.append((test.code, test.label, test.unit, test.chapter, state.loinc_num if is_approved else ""))
    return found


def _messages(rows: Sequence[tuple[str, str, str, str, str]], until: datetime) -> Iterator[str]:
    codes = [loinc_num for *_, loinc_num in rows if loinc_num]
    chapters = sorted({chapter for _, _, _, chapter, _ in rows})
    for number in range(1, REPORTS + 1):
        sent = until - timedelta(minutes=_draw(f"moment{number}") % (DAYS * 24 * 60 - 60))
        chapter = chapters[_draw(f"chapter{number}") % len(chapters)]
        # A report is of one chapter, with some of the rest.
        order = sorted(rows, key=lambda row: (row[3] != chapter, _draw(f"{row[0]}{number}")))
        wanted = AT_LEAST + _draw(f"results{number}") % (AT_MOST - AT_LEAST + 1)
        lines = [
            f"MSH|^~\\&|SGL|DEMONSTRATION|||{sent:%Y%m%d%H%M%S}||ORU^R01^ORU_R01|{number}|P|2.5|||||FRA|UNICODE UTF-8",
            f"PID|1||PERSONNE{number:04}^^^DEMO||PERSONNE^INVENTEE {number}",
            f"ORC|RE||D{number:05}",
            f"OBR|1||D{number:05}|BIOLOGIE^Biologie^L|||{sent:%Y%m%d%H%M%S}||||||||||||||||||F",
        ]
        for place, row in enumerate(order[:wanted], 1):
            lines.append(f"OBX|{place}|ST|{_names(row, codes)}||1|{_plain(_unit(row))}|||||F")
        if number % 12 == 0:
            lines.append(f"OBX|{wanted + 1}|ST|{UNTOLD[number // 12 % len(UNTOLD)]}||1||||||F")
        yield "".join(f"{line}\r" for line in lines)


def _names(row: tuple[str, str, str, str, str], codes: Sequence[str]) -> str:
    """The coded field of a row: what the system was set to send does not change from one report to the next."""
    code, label, _, _, loinc_num = row
    own = f"{_plain(code)}^{_plain(label)}^L"
    draw = _draw(f"system{code}") % 100
    if not loinc_num or draw < 12:
        return own
    sent = codes[_draw(f"other{code}") % len(codes)] if draw < 16 else loinc_num
    return f"{sent}^^LN^{own}"


def _unit(row: tuple[str, str, str, str, str]) -> str:
    code, _, unit, _, _ = row
    return "mmol/L" if unit == "g/L" and _draw(f"unit{code}") % 12 == 0 else unit


def _plain(text: str) -> str:
    """A text without what HL7 v2 separates by."""
    return "".join(" " if character in "|^~\\&\r\n" else character for character in text)


def _draw(salt: str) -> int:
    """A number that looks drawn by lot and is the same in every demonstration."""
    return int.from_bytes(sha256(salt.encode()).digest()[:4], "big")
