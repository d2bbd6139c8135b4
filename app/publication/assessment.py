"""What the laboratory system will say of each row, known before the file leaves.

A code leaves only when a biologist approved it and nothing in it would block the import of the laboratory
system; every other row is named with its reason.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.errors import ConflictError
from app.models import Level, Status
from app.publication.schemas import (
    Incomplete,
    Issue,
    PublishedRelease,
    PublishedTerm,
    PublishedTest,
    SglSeverity,
    UncodedReason,
)
from app.terminology.grace import NO_LIMIT
from app.text import french_day
from app.transcoding.standing import NO_CODE_EXISTS, PLACEHOLDER_CODES, Standing, approved_answers, local_key, standings
from loinc_data.checkdigit import is_valid_loinc

_DEFINITION = (
    "Une ligne porte un code LOINC seulement si un biologiste l'a approuvé et si ce code existe dans la "
    "version de LOINC chargée ; une analyse porte un seul code : des lignes qui ont le même code local et des "
    "réponses approuvées différentes n'en portent aucun dans les fichiers que le SGL lit."
)
SEVERAL_CODES = "several_codes"
"""The rule of rows that share a local code and not their answer."""


def definition_of(release: PublishedRelease | None) -> str:
    """When a row leaves with a code, and until when that holds for the codes that LOINC retired."""
    return f"{_DEFINITION} {(release.grace if release else NO_LIMIT).sentence}"


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How the rows of one level stand."""

    level: Level
    rows: int
    coded: int
    without: dict[UncodedReason, int]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The codes that leave, why the other rows leave without, and what the laboratory system will say."""

    tests: tuple[PublishedTest, ...]
    names: dict[int, PublishedTerm] = field(default_factory=dict)
    """Identifier of a local test -> the approved term that leaves with it."""
    reasons: dict[int, UncodedReason] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    circuit_is_loaded: bool = False
    removed: tuple[PublishedTest, ...] = ()
    """Rows that are no longer in the catalogue and have no code: only a list of all its codes speaks of them."""

    @property
    def blocking(self) -> list[Issue]:
        """The errors that would stop the import of the laboratory system."""
        return [issue for issue in self.issues if issue.severity is SglSeverity.BLOCKING]

    @property
    def warnings(self) -> list[Issue]:
        """The errors that the laboratory system reports and accepts."""
        return [issue for issue in self.issues if issue.severity is SglSeverity.WARNING]

    @property
    def ambiguous(self) -> list[PublishedTest]:
        """The rows whose local code has other answers too."""
        return [issue.test for issue in self.issues if issue.rule == SEVERAL_CODES]

    @property
    def unsettled(self) -> list[PublishedTest]:
        """Rows that nobody finished: without code, and without an approved reason for having none."""
        settled = {key for key, reason in self.reasons.items() if reason.is_settled}
        return [test for test in self.tests if test.id in self.reasons and test.id not in settled]

    def of_levels(self, levels: Iterable[Level]) -> "Assessment":
        """The same, restricted to some levels."""
        wanted = frozenset(levels)
        tests = tuple(test for test in self.tests if test.level in wanted)
        kept = {test.id for test in tests}
        return Assessment(
            tests,
            {key: name for key, name in self.names.items() if key in kept},
            {key: reason for key, reason in self.reasons.items() if key in kept},
            tuple(issue for issue in self.issues if issue.test.id in kept),
            self.circuit_is_loaded,
            tuple(test for test in self.removed if test.level in wanted),
        )

    def counts(self) -> list[LevelCount]:
        """Rows, coded rows and reasons, level by level, levels without rows left out."""
        found = []
        for level in (Level.CHAPTER, Level.SUBCHAPTER, Level.EXAM, Level.ANALYSIS):
            tests = [test for test in self.tests if test.level is level]
            if tests:
                without = Counter(self.reasons[test.id] for test in tests if test.id in self.reasons)
                coded = sum(test.id in self.names for test in tests)
                found.append(LevelCount(level, len(tests), coded, dict(without)))
        return found

    def approvers(self) -> list[tuple[str, int]]:
        """Who approved the rows that leave with a code, and how many each."""
        names = Counter(test.approved_by for test in self.tests if test.id in self.names)
        return sorted(names.items(), key=lambda item: (-item[1], item[0]))

    def deciders(self) -> list[tuple[str, int]]:
        """Who chose the codes that leave, and how many each."""
        names = Counter(test.decided_by for test in self.tests if test.id in self.names)
        return sorted(names.items(), key=lambda item: (-item[1], item[0]))

    def require_complete(self, incomplete: Incomplete) -> None:
        """Refuse, when that was chosen, an export in which a row is unfinished or blocked."""
        missing = len(self.unsettled)
        if incomplete is Incomplete.REFUSE and missing:
            raise ConflictError(
                f"Export refusé, comme demandé : lignes sans code ni motif approuvé : {missing}. "
                "Le rapport de la page Exports les nomme."
            )


_SETTLED = {
    Standing.NO_CODE: UncodedReason.NO_LOINC,
    Standing.OUT_OF_SCOPE: UncodedReason.OUT_OF_SCOPE,
}
_NOT_APPROVED = {
    Status.DOUBT: UncodedReason.DOUBT,
    Status.DECIDED: UncodedReason.DECIDED,
    Status.SENT_BACK: UncodedReason.SENT_BACK,
}
_BLOCKED = frozenset({Standing.NOT_IN_RELEASE, Standing.SEVERAL_CODES})
"""Approved with a code that the laboratory system would refuse."""
_APPROVED_WITH_CODE = _BLOCKED | {Standing.DEPRECATED}
_LEAVING = frozenset({Standing.TRANSCODED, Standing.PLACEHOLDER})
"""Approved with a code that leaves; a placeholder with a warning."""


def _reason_without_code(test: PublishedTest, standing: Standing) -> UncodedReason | None:
    """Why this test has no approved code; None when it has one."""
    if standing in _APPROVED_WITH_CODE | _LEAVING:
        return None
    return _SETTLED.get(standing) or _NOT_APPROVED.get(test.status, UncodedReason.TODO)


def _several(test: PublishedTest, answers: Sequence[str], severity: SglSeverity) -> Issue | None:
    if len(answers) < 2:
        return None
    codes = [answer for answer in answers if answer != NO_CODE_EXISTS]
    if len(codes) > 1:
        message = f"Plusieurs codes LOINC pour ce code local : {', '.join(codes)}."
    else:
        message = f"Réponses contraires pour ce code local : {codes[0]}, et « aucun code LOINC »."
    return Issue(severity, SEVERAL_CODES, test, message)


def _unusable(test: PublishedTest, release: PublishedRelease | None) -> Issue | None:
    def issue(rule: str, message: str) -> Issue:
        return Issue(SglSeverity.BLOCKING, rule, test, message)

    code = test.loinc_num
    if not is_valid_loinc(code):
        return issue("invalid_code", f"« {code} » n'est pas un code LOINC bien formé (chiffre de contrôle).")
    if release is None:
        return issue("unknown_code", f"Le code {code} ne peut pas être vérifié : aucune version chargée.")
    if test.term is None:
        return issue("unknown_code", f"Le code {code} est absent de la version chargée ({release.title}).")
    return None


def _instead(term: PublishedTerm) -> str:
    if not term.replacements:
        return ""
    return f" LOINC propose {', '.join(term.replacements)} ; choisissez et faites approuver."


def _left_out(test: PublishedTest, term: PublishedTerm, release: PublishedRelease) -> Issue:
    """What the code of a row was, which leaves without it since the day until which retired codes count."""
    day = release.grace.last_day
    limit = f" La date limite était le {french_day(day)} inclus." if day else ""
    message = f"Le code {term.loinc_num}, retiré de LOINC ({term.status}), ne sort plus.{limit}{_instead(term)}"
    return Issue(SglSeverity.WARNING, "deprecated", test, message)


def _warnings(test: PublishedTest, term: PublishedTerm, circuit: frozenset[str] | None) -> Iterable[Issue]:
    def issue(rule: str, message: str) -> Issue:
        return Issue(SglSeverity.WARNING, rule, test, message)

    code = term.loinc_num
    if circuit is not None and code not in circuit:
        yield issue("outside_circuit", f"Le code {code} est hors du « Circuit de la biologie ».")
    if term.status in ("DEPRECATED", "DISCOURAGED"):
        french = "supprimé" if term.status == "DEPRECATED" else "déconseillé"
        said = f"Le code {code} est {french} dans la version chargée ({term.status})."
        yield issue("status", f"{said}{_instead(term)}")
    if code in PLACEHOLDER_CODES:
        yield issue("placeholder", f"{code} désigne une analyse absente de la liste : il ne transcode rien.")


def assess(
    tests: Iterable[PublishedTest],
    release: PublishedRelease | None,
    circuit: frozenset[str] | None = None,
    row_by_row: bool = False,
) -> Assessment:
    """Sort the tests into those that leave with a code and those that leave without, and list the errors.

    `circuit` is the value set « Circuit de la biologie », None when it is not loaded: nothing is then said
    of it. With `row_by_row` two rows may share a local code and have each their own LOINC code: so it is in
    a file where a person reads rows, not in one where a machine looks codes up.
    """
    ordered = tuple(tests)
    sharing = SglSeverity.WARNING if row_by_row else SglSeverity.BLOCKING
    leaving = _LEAVING | {Standing.SEVERAL_CODES} if row_by_row else _LEAVING
    stands = standings(ordered)
    approved = approved_answers(ordered)
    names: dict[int, PublishedTerm] = {}
    reasons: dict[int, UncodedReason] = {}
    issues: list[Issue] = []
    for test in ordered:
        reason = _reason_without_code(test, stands[test.id])
        if reason is not None:
            reasons[test.id] = reason
            continue
        if stands[test.id] is Standing.DEPRECATED and release is not None and test.term is not None:
            reasons[test.id] = UncodedReason.DEPRECATED
            issues.append(_left_out(test, test.term, release))
            continue
        several = _several(test, approved[local_key(test)], sharing)
        issues.extend(issue for issue in (several, _unusable(test, release)) if issue is not None)
        leaves = stands[test.id] in leaving
        if leaves and release is not None and test.term is not None:
            names[test.id] = test.term
            issues.extend(_warnings(test, test.term, circuit))
        else:
            reasons[test.id] = UncodedReason.BLOCKED
    return Assessment(ordered, names, reasons, tuple(issues), circuit is not None)
