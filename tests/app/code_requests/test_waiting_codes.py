"""The codes d'attente: their settings, and that they count and go out nowhere as LOINC codes."""

import itertools

import pytest

from app.code_requests.waiting_codes import checked_system, read_codes, rule_in_force, set_rule
from app.coverage.definitions import CountedCatalogue, Definition, ExamRule, Measure
from app.coverage.judging import DeprecatedRule, Judging, ReleaseRule, Statuses
from app.coverage.repository import coverage_rows
from app.coverage.requests_told import told_requests
from app.coverage.service import coverage_report
from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import Level
from app.platform.database import reading, transaction
from app.transcoding.standing import Standing
from tests.app.code_requests.conftest import WAITING, Requests
from tests.conftest import READER

OID = "1.2.250.1.213.1.1.5.130"
EVERY_JUDGING = [
    Judging(*values)
    for values in itertools.product(
        (False, True), (False, True), (False, True), (False, True), Statuses, ReleaseRule, DeprecatedRule
    )
]
EVERY_DEFINITION = [
    Definition(level, measure, subcontracted, rule, judging)
    for level, measure, subcontracted, rule in itertools.product(Level, Measure, (False, True), ExamRule)
    if level in (Level.ANALYSIS, Level.EXAM)
    for judging in EVERY_JUDGING
]


@pytest.mark.parametrize(
    "text", ["", "loinc", "1.2", "1..2.3", "2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1"]
)
def test_a_system_is_an_oid_and_never_that_of_loinc(text: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_system(text)
    assert checked_system(f" urn:oid:{OID} ") == OID


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2951-2", "Ligne 1.*forme d’un code LOINC"),
        ("A ; un\n19146-0 ; attente", "Ligne 2.*forme d’un code LOINC"),
        ("12345-1", "Ligne 1.*forme d’un code LOINC"),
        ("lp12345-6", "Ligne 1.*forme d’un code LOINC"),
        ("A\nB\nA", "Ligne 3.*deux fois"),
        ("é1", "Ligne 1.*sans accent"),
        ("x" * 41, "Ligne 1.*40 caractères"),
        (f"A ; {'x' * 121}", "Ligne 1.*120"),
        ("\n".join(f"A{number}" for number in range(61)), "60 codes"),
    ],
)
def test_a_code_cannot_pass_for_one_of_loinc(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        read_codes(text)


def test_the_settings_are_facts_of_the_laboratory(requests: Requests) -> None:
    desk = requests.desk
    access = desk.access()
    with reading(desk.engine) as session:
        first = rule_in_force(session, desk.settings, access.laboratory_id)
    assert (first.system, first.codes, first.version) == (OID, (), 0)
    requests.allow(f"{WAITING} ; Biologie ; générale", "X1")
    with reading(desk.engine) as session:
        rule = rule_in_force(session, desk.settings, access.laboratory_id)
    assert rule.codes == ((WAITING, "Biologie ; générale"), ("X1", ""))
    assert read_codes(rule.text) == rule.codes, "the form gives back what it was given"
    with pytest.raises(ConflictError), transaction(desk.engine) as session:
        set_rule(session, desk.settings, access, OID, "AUTRE", 0)
    with pytest.raises(NotAllowedError), transaction(desk.engine) as session:
        set_rule(session, desk.settings, desk.access(READER), OID, "AUTRE", rule.version)
    assert desk.audit()[-1] == "code_request.set_waiting_codes"


def test_a_waiting_code_changes_no_figure_of_any_definition(requests: Requests) -> None:
    """Over every definition of the closed vocabulary, ours and composed alike."""
    desk = requests.desk
    desk.decide(desk.sodium)

    def figures() -> list[tuple[int, int]]:
        with reading(desk.engine) as session:
            catalogue = CountedCatalogue(coverage_rows(session, desk.catalogue_id, desk.release.id or 0))
        found = [catalogue.figure(definition) for definition in EVERY_DEFINITION]
        return [(figure.numerator, figure.denominator) for figure in found]

    before = figures()
    requests.allow(WAITING)
    requests.give(requests.approved)
    requests.give(requests.decided)
    assert figures() == before


def test_it_is_told_apart_in_coverage(requests: Requests) -> None:
    requests.allow(WAITING)
    requests.give(requests.approved)
    desk = requests.desk
    with reading(desk.engine) as session:
        told = told_requests(session, desk.catalogue_id, None)
        report = coverage_report(session, desk.access().laboratory, desk.catalogue)
    assert told is not None
    assert (told.total, told.with_waiting_code) == (1, 1)
    assert report.main.numerator == 0
    assert report.main.standings[Standing.NO_CODE] == 1
