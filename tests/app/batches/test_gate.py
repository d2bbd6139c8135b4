"""The gate of a batch: what passes, why the rest does not, and what may be expected."""

from dataclasses import replace

import pytest

from app.batches import gate as rules
from app.batches.gate import Candidate, gate, held_for, refusal
from app.models import Status
from matcher.calibration import judged_share, least_share
from matcher.types import Band

SOUND = Candidate(1, 0, Status.TODO, "2951-2", 7, Band.SURE, 0.995)


def test_a_sound_row_passes() -> None:
    assert refusal(SOUND, Band.SURE) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.DECIDED}, "Déjà décidée."),
        ({"status": Status.APPROVED}, "Déjà approuvée."),
        ({"status": Status.DOUBT}, "En doute : une personne doit répondre."),
        ({"status": Status.SENT_BACK}, "Renvoyée : une personne doit la revoir."),
        ({"status": Status.DOUBT, "asked_by": "Ana"}, "Question ouverte de Ana : une personne doit répondre."),
        ({"flagged_by": "Ana"}, "Marquée d'un repère par Ana : une personne doit la regarder."),
        ({"unread": ("des mots du libellé", "le milieu « X »")},
         "Pas lu en entier : des mots du libellé, le milieu « X »."),
        ({"is_nontest": True}, rules.NO_TEST),
        ({"loinc_num": ""}, rules.NO_PROPOSAL),
        ({"proposal_id": None}, rules.NO_PROPOSAL),
        ({"has_contradiction": True}, rules.CONTRADICTED),
        ({"is_active": False}, rules.INACTIVE),
        ({"is_set_aside": True}, rules.SET_ASIDE),
        ({"has_task": True}, rules.CHANGED),
        ({"band": Band.TO_CHECK}, rules.TOO_LOW),
        ({"band": Band.UNCERTAIN}, rules.TOO_LOW),
    ],
)
def test_each_reason_stops_a_row(change: dict[str, object], reason: str) -> None:
    assert refusal(replace(SOUND, **change), Band.SURE) == reason  # type: ignore[arg-type]


def test_a_lower_confidence_is_let_through_only_when_asked_for_and_never_an_uncertain_one() -> None:
    checked = replace(SOUND, band=Band.TO_CHECK)
    assert refusal(checked, Band.TO_CHECK) == ""
    assert refusal(replace(SOUND, band=Band.UNCERTAIN), Band.TO_CHECK) == rules.TOO_LOW
    assert refusal(replace(checked, has_contradiction=True), Band.TO_CHECK) == rules.CONTRADICTED


def test_what_was_not_read_is_counted_apart_and_taken_only_when_asked_for() -> None:
    rows = [SOUND, replace(SOUND, unread=("des mots du libellé",)), replace(SOUND, unread=("l'unité « zork »",))]
    left, taken = gate(rows, Band.SURE), gate(rows, Band.SURE, with_unread=True)
    assert (len(left.passing), left.unread, left.unread_passing) == (1, 2, 0)
    assert (len(taken.passing), taken.unread, taken.unread_passing) == (3, 0, 2)
    assert refusal(replace(SOUND, unread=("des mots",), flagged_by="Ana"), Band.SURE, with_unread=True)


def test_a_group_leaves_what_a_colleague_waits_for_and_takes_one_s_own() -> None:
    doubt = replace(SOUND, status=Status.DOUBT, asked_by="Ana", asked_by_id=7)
    flagged = replace(SOUND, flagged_by="Ana", flagged_by_id=7)
    assert held_for(doubt, 8) == "Question ouverte de Ana : répondez-y sur la ligne."
    assert held_for(flagged, 8) == "Marquée d'un repère par Ana : décidez sur la ligne."
    assert held_for(doubt, 7) == held_for(flagged, 7) == held_for(SOUND, 8) == ""
    assert held_for(replace(SOUND, status=Status.APPROVED), 8) == "Déjà approuvée."


def test_a_gate_counts_its_reasons_the_most_frequent_first() -> None:
    rows = [SOUND, replace(SOUND, has_contradiction=True), *[replace(SOUND, is_nontest=True)] * 2]
    found = gate(rows, Band.SURE)
    assert (len(found.passing), found.reasons) == (1, [(rules.NO_TEST, 2), (rules.CONTRADICTED, 1)])


def test_precision_is_the_mean_of_confidences_and_never_more_than_the_bound_of_the_judging_rows() -> None:
    found = gate([SOUND, replace(SOUND, confidence=0.997)], Band.SURE).precision
    assert found is not None
    right, count = judged_share(Band.SURE)
    assert found.expected == pytest.approx(0.996)
    assert found.least == pytest.approx(least_share(right, count))
    assert (found.right, found.count) == (right, count)
    assert 0.9 < found.least < found.expected


def test_letting_less_sure_rows_through_lowers_what_may_be_counted_on() -> None:
    sure = gate([SOUND] * 4, Band.TO_CHECK).precision
    mixed = gate([SOUND, *[replace(SOUND, band=Band.TO_CHECK, confidence=0.9)] * 3], Band.TO_CHECK).precision
    assert sure is not None
    assert mixed is not None
    assert mixed.least < sure.least


def test_nothing_that_passes_promises_nothing() -> None:
    assert gate([replace(SOUND, is_nontest=True)], Band.SURE).precision is None


@pytest.mark.parametrize(
    ("right", "count", "bound"), [(59, 59, 0.9505), (0, 10, 0.0), (10, 10, 0.7411), (9, 10, 0.6058)]
)
def test_the_lower_bound_is_that_of_clopper_and_pearson(right: int, count: int, bound: float) -> None:
    assert least_share(right, count) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize("count", [150, 193, 230, 1_000, 20_000])
def test_the_bound_of_no_error_at_all_is_exact_for_any_number_of_rows(count: int) -> None:
    # So many successes in a row happen once in twenty at this share.
    assert least_share(count, count) == pytest.approx(0.05 ** (1 / count), abs=1e-9)
    assert least_share(count - 1, count) < least_share(count, count) < 1
    assert least_share(count // 2, count) < 0.5
