"""Where a row stands, judged in one place: coverage counts by it, and what goes out goes out by it.

Pure: no database, no clock. A row is transcoded when a biologist approved it with one LOINC code that exists in the
release and still counts (see `app.terminology.grace`), and nothing else of the catalogue makes that code ambiguous: the
laboratory system refuses a local code to which two LOINC codes are given, so that neither can be counted. No more can a
code be given to a local code of which a biologist also approved that LOINC has none: it would be that of the results of
both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from app.models import Level, Outcome, Status
from loinc_data.checkdigit import is_valid_loinc

PLACEHOLDER_CODES = frozenset({"19146-0"})
"""LOINC codes that stand for "a test that is not in the list": they name no test."""


class Standing(StrEnum):
    """Where a row stands; exactly one for each row."""

    TRANSCODED = "transcoded"
    WAITING = "waiting"
    """Decided, not approved."""
    UNFINISHED = "unfinished"
    """To do, in doubt, or sent back."""
    NO_CODE = "no_code"
    """Approved: no LOINC code exists."""
    PLACEHOLDER = "placeholder"
    NOT_IN_RELEASE = "not_in_release"
    DEPRECATED = "deprecated"
    """LOINC retired the code, and the day until which such codes count has passed."""
    SEVERAL_CODES = "several_codes"
    """Another approved row gives another answer for the same local code: another LOINC code, or that none exists."""
    OUTSIDE_CIRCUIT = "outside_circuit"
    """The code is not in *Circuit de la biologie*, and a composed definition counts no other
    (`app.coverage.judging`). No row stands there otherwise."""
    OUT_OF_SCOPE = "out_of_scope"
    RETIRED = "retired"
    """No longer run by the laboratory: it counts nowhere, see `counted_standings`. Its approved code still leaves in
    the files that still hold its row."""


class StandingRow(Protocol):
    """What is asked of a row, whether it is to be counted or to go out."""

    @property
    def id(self) -> int: ...
    @property
    def level(self) -> Level: ...
    @property
    def code(self) -> str: ...
    @property
    def chapter_code(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def loinc_num(self) -> str: ...
    @property
    def code_exists(self) -> bool:
        """Whether the LOINC code is in the release that is asked about."""
    @property
    def code_is_left_out(self) -> bool:
        """Whether that release retired the code and the day until which such codes count has passed."""
    @property
    def is_retired(self) -> bool:
        """Whether the laboratory no longer runs the test, by its side file or by its newest export."""
    @property
    def retired_at(self) -> datetime | None:
        """When a newer export no longer held the row."""


AnyRow = TypeVar("AnyRow", bound=StandingRow)
LocalKey = tuple[Level, str, str]


def in_use(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """The rows of the newest export, and those it no longer holds as long as an approved code speaks of them.

    A removed row whose code another row has now would make that code ambiguous.
    """
    found = list(rows)
    held = {local_key(row) for row in found if row.retired_at is None}
    return [
        row
        for row in found
        if row.retired_at is None
        or (row.status is Status.APPROVED and row.loinc_num and local_key(row) not in held)
    ]


def gone(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """The rows that no newer export holds and of which no approved code speaks: they go nowhere, but their codes were
    those of this catalogue. Rows whose code another row has now are left out.
    """
    found = list(rows)
    held = {local_key(row) for row in in_use(found)}
    return [row for row in found if row.retired_at is not None and local_key(row) not in held]


def local_key(row: StandingRow) -> LocalKey:
    """What makes two rows the same test for the laboratory system; a row without code is only itself."""
    code = " ".join(row.code.split())
    if not code:
        return row.level, "", f"\0{row.id}"
    # A sub-chapter code may serve several chapters; the other codes are those of the whole laboratory.
    parent = row.chapter_code.strip() if row.level is Level.SUBCHAPTER else ""
    return row.level, parent, code


NO_CODE_EXISTS = ""
"""The answer that LOINC has no code for a local code."""


def approved_answers(rows: Iterable[StandingRow]) -> dict[LocalKey, list[str]]:
    """What was approved for each local code, LOINC codes sorted; several answers are an error of the catalogue."""
    found: dict[LocalKey, set[str]] = defaultdict(set)
    for row in rows:
        if row.status is not Status.APPROVED:
            continue
        if row.outcome is Outcome.CODE:
            found[local_key(row)].add(row.loinc_num)
        elif row.outcome is Outcome.NO_LOINC:
            found[local_key(row)].add(NO_CODE_EXISTS)
    return {key: sorted(answers) for key, answers in found.items()}


def standings(rows: Sequence[StandingRow]) -> dict[int, Standing]:
    """Where each of these rows stands, by identifier; `rows` are all those in use (see `in_use`)."""
    answers = approved_answers(rows)
    return {row.id: _standing(row, answers) for row in rows}


def counted_standings(rows: Iterable[StandingRow]) -> dict[int, Standing]:
    """Where each row stands when rows are counted: those no longer run are retired, whatever their facts are."""
    found = list(rows)
    stands = standings(in_use(found))
    return {row.id: Standing.RETIRED if row.is_retired else stands.get(row.id, Standing.RETIRED) for row in found}


def _standing(row: StandingRow, answers: dict[LocalKey, list[str]]) -> Standing:
    is_code = row.status is Status.APPROVED and row.outcome is Outcome.CODE
    return standing_of(
        row.status,
        row.outcome,
        exists=row.code_exists and is_valid_loinc(row.loinc_num),
        is_placeholder=row.loinc_num in PLACEHOLDER_CODES,
        is_left_out=row.code_is_left_out,
        has_several=is_code and len(answers[local_key(row)]) > 1,
    )


def standing_of(
    status: Status, outcome: Outcome, *, exists: bool, is_placeholder: bool, is_left_out: bool, has_several: bool
) -> Standing:
    """Where a row that is still run stands: what was decided of it, and what is known of its code."""
    if status is not Status.APPROVED:
        return Standing.WAITING if status is Status.DECIDED else Standing.UNFINISHED
    if outcome is Outcome.OUT_OF_SCOPE:
        return Standing.OUT_OF_SCOPE
    if outcome is Outcome.NO_LOINC:
        return Standing.NO_CODE
    if outcome is not Outcome.CODE:
        return Standing.UNFINISHED
    if not exists:
        return Standing.PLACEHOLDER if is_placeholder else Standing.NOT_IN_RELEASE
    if is_left_out:
        return Standing.DEPRECATED
    if has_several:
        return Standing.SEVERAL_CODES
    return Standing.PLACEHOLDER if is_placeholder else Standing.TRANSCODED
