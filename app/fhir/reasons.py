"""Why `$translate` gives no code: the true reason of each row, in a sentence for who reads the log of a program."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.fhir_resources.rules import LOINC_VALUE_SET
from app.files.fhir_json import LOINC_SYSTEM
from app.models import Level
from app.publication.assessment import Assessment
from app.publication.local_codes import local_codes
from app.publication.schemas import PublishedTest, UncodedReason

UNKNOWN = "Ce code n'est pas dans le catalogue."
REMOVED = "Ce code n'est plus dans le catalogue depuis un export plus récent, et aucun code LOINC n'y est approuvé."
NOT_APPROVED = "Ce code est dans le catalogue ; aucun code LOINC n'y est encore approuvé (ligne : {state})."
WITHDRAWN = "Ce code est dans le catalogue ; l'approbation qu'il avait reçue a été retirée, et rien n'y est approuvé."
NO_LOINC = "Ce code est dans le catalogue ; un biologiste a approuvé qu'aucun code LOINC ne lui correspond."
OUT_OF_SCOPE = "Ce code est dans le catalogue ; un biologiste a approuvé qu'il est hors périmètre, sans code LOINC."
BLOCKED = "Ce code est dans le catalogue et un code LOINC y est approuvé, qui n'est pas rendu : {why}"
NO_LOCAL_CODE = "Aucun code local approuvé ne mène à ce code LOINC."
BLOCKED_LOINC = "Ce code LOINC est approuvé pour un code local, mais n'est pas rendu : {why}"
OTHER_SYSTEM = "Aucune des cartes interrogées ne part du système {system}."
OTHER_TARGET = f"Les cartes servies mènent à {LOINC_SYSTEM}, et non à {{system}}."
OTHER_SOURCE_SCOPE = "Aucune des cartes interrogées ne part du jeu de valeurs {scope}."
OTHER_TARGET_SCOPE = f"Les cartes servies mènent au jeu de valeurs {LOINC_VALUE_SET}, et non à {{scope}}."
NOT_LOINC = f"En sens inverse, la question porte sur un code LOINC (system = {LOINC_SYSTEM}), et non de {{system}}."
OTHER_VERSION = "La version {asked} de {system} est demandée ; la carte est faite avec la version {held}."
NO_SUCH_LOCAL_SYSTEM = "Aucune des cartes interrogées ne vient du système {system}."

_WITHHELD = frozenset({UncodedReason.BLOCKED, UncodedReason.DEPRECATED})
"""Approved with a code that does not leave."""
_REMARKS = frozenset({"status", "placeholder"})
"""What is said beside a code that is given: LOINC retired or discourages it, or it names no test."""


def _sentence_of(test: PublishedTest, reason: UncodedReason, why: Mapping[int, str]) -> str:
    if reason in _WITHHELD:
        return BLOCKED.format(why=why.get(test.id, f"{reason.label}."))
    if reason is UncodedReason.OUT_OF_SCOPE:
        return OUT_OF_SCOPE
    if reason is UncodedReason.NO_LOINC:
        return NO_LOINC
    return WITHDRAWN if test.is_withdrawn else NOT_APPROVED.format(state=reason.label)


def _weight(test: PublishedTest, reason: UncodedReason) -> int:
    """Of rows that share a code, the one to speak of: what was approved and fails, then what is not finished."""
    if reason in _WITHHELD:
        return 0
    if reason.is_settled:
        return 3
    return 1 if test.is_withdrawn else 2


@dataclass(slots=True)
class Reasons:
    """Of one catalogue: why each local code without match has none, and why an approved LOINC code leads nowhere.

    And what there is to know of a LOINC code that is given.
    """

    by_code: dict[Level, dict[str, str]] = field(default_factory=dict)
    by_loinc: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, assessment: Assessment) -> "Reasons":
        """The reasons of a catalogue as it is published."""
        # Of a row that leaves without its code, whatever the rule: the day that has passed is one of them.
        withheld = (issue for issue in reversed(assessment.issues) if issue.test.id in assessment.reasons)
        why = {issue.test.id: issue.message for issue in withheld}
        found = cls()
        for level in Level:
            tests = [test for test in assessment.tests if test.level is level]
            removed = [test for test in assessment.removed if test.level is level]
            codes = local_codes((*tests, *removed)) | local_codes(tests)
            sentences = {codes[test.id]: REMOVED for test in removed if test.id in codes}
            found.by_code[level] = sentences | _of_rows(tests, codes, assessment, why)
        for test in assessment.tests:
            if assessment.reasons.get(test.id) in _WITHHELD:
                found.by_loinc.setdefault(test.loinc_num, BLOCKED_LOINC.format(why=why.get(test.id, "")).strip())
        for issue in assessment.issues:
            if issue.rule in _REMARKS and issue.test.id in assessment.names:
                found.remarks.setdefault(issue.test.loinc_num, issue.message)
        return found


def _of_rows(
    tests: Iterable[PublishedTest], codes: Mapping[int, str], assessment: Assessment, why: Mapping[int, str]
) -> dict[str, str]:
    rows: dict[str, list[PublishedTest]] = defaultdict(list)
    for test in tests:
        if test.id in codes and test.id in assessment.reasons:
            rows[codes[test.id]].append(test)
    sentences = {}
    for code, sharing in rows.items():
        test = min(sharing, key=lambda item: _weight(item, assessment.reasons[item.id]))
        sentences[code] = _sentence_of(test, assessment.reasons[test.id], why)
    return sentences
