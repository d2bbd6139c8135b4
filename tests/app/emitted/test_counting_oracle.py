"""The counting against a plain second writing of its rules, on small histories of all kinds."""

from collections import Counter
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.emitted.counting import count
from app.emitted.observed import Counts, ObservedReport, ObservedResult, Seen
from tests.app.emitted.makers import CREATININE, GLUCOSE, INDEX, SODIUM

KEYS = ("a", "b", "c", "d")
results = st.builds(
    ObservedResult,
    loinc=st.sampled_from([(), (SODIUM,), (GLUCOSE,), (SODIUM, CREATININE)]),
    local=st.sampled_from([(), ("NA",), ("GLU",), ("NA", "GLU"), ("VS",)]),
    slot=st.sampled_from(["", "1", "2", "3"]),
    is_withdrawn=st.integers(0, 4).map(lambda number: number == 0),
)
keys = st.frozensets(st.sampled_from(KEYS), max_size=2)
documents = st.builds(
    ObservedReport,
    place=st.just("fichier 1"),
    keys=keys,
    results=st.lists(results, max_size=3).map(tuple),
    is_structured=st.integers(0, 4).map(bool),
    version=st.tuples(st.integers(0, 2), st.sampled_from(["", "1", "2"])),
    replaces=st.one_of(st.just(frozenset[str]()), st.just(frozenset[str]()), keys),
    is_whole=st.booleans(),
    is_deletion=st.integers(0, 6).map(lambda number: number == 0),
)


def naive(history: list[ObservedReport]) -> dict[str, Any]:
    """The rules, one after the other, with no care for time or memory."""
    groups: list[list[int]] = [[place] for place in range(len(history))]
    mentioned = [one.keys | one.replaces for one in history]
    while pair := next(
        (
            (one, other)
            for one, other in product(groups, groups)
            if one is not other and any(mentioned[i] & mentioned[j] for i in one for j in other)
        ),
        None,
    ):
        groups = [group for group in groups if group not in pair] + [sorted(pair[0] + pair[1])]
    seen: Counter[Seen] = Counter()
    reports_of: Counter[Seen] = Counter()
    whole_reports: Counter[tuple[int, int]] = Counter()
    reports = level1 = deleted = 0
    for group in groups:
        if all(history[place].is_deletion for place in group):
            continue
        alive = survivors(history, group)
        if not alive:
            deleted += 1
            continue
        reports += 1
        told = [history[place] for place in alive if history[place].is_structured]
        level1 += not told
        carried = [as_seen(result) for result in last_said(told)]
        seen.update(carried)
        reports_of.update(set(carried))
        if carried:
            whole_reports[len(carried), sum(map(is_effective, carried))] += 1
    return {
        "reports": reports,
        "level1": level1,
        "deleted": deleted,
        "seen": dict(seen),
        "reports_of": dict(reports_of),
        "whole": dict(whole_reports),
    }


def survivors(history: list[ObservedReport], group: list[int]) -> list[int]:
    """Places of the documents that count, the last version last."""
    numbered = all(history[place].version[0] > 0 for place in group)

    def rank(place: int) -> tuple[Any, ...]:
        number, time = history[place].version
        last = history[place].is_deletion and history[place].version != (0, "")
        return (number, time, last, place) if numbered else (time, number, last, place)

    ranked = sorted(group, key=rank)
    after_deletions = ranked
    for at, place in enumerate(ranked):
        if history[place].is_deletion:
            after_deletions = ranked[at + 1 :]
    alive = []
    for place in after_deletions:
        is_dead = False
        for other in group:
            names = history[other].replaces & history[place].keys
            if other == place or not names:
                continue
            (number, time), (other_number, other_time) = history[place].version, history[other].version
            if numbered and number != other_number:
                if number > other_number:
                    continue
            elif time and other_time and time > other_time:
                continue
            is_mutual = bool(history[place].replaces & history[other].keys)
            is_other_form = history[place].is_structured != history[other].is_structured
            if is_mutual and (is_other_form or ranked.index(other) < ranked.index(place)):
                continue
            is_dead = True
        if not is_dead:
            alive.append(place)
    return alive or after_deletions[-1:]


def last_said(told: list[ObservedReport]) -> list[ObservedResult]:
    """The results that count of documents in their order."""
    held: list[ObservedResult] = []
    for document in told:
        if document.is_whole:
            held = []
        new: list[ObservedResult] = []
        slots = {result.slot for result in document.results if result.slot}
        for result in document.results:
            if not result.is_withdrawn:
                new.append(result)
            elif result.slot:
                new = [one for one in new if one.slot != result.slot]
        held = [one for one in held if one.slot not in slots] + new
    return held


def as_seen(result: ObservedResult) -> Seen:
    """What it carries."""
    return Seen(next(iter(result.local), ""), tuple(sorted(result.loinc)), "", "")


def is_effective(seen: Seen) -> bool:
    """Whether its one code is the approved one."""
    return len(seen.loinc) == 1 and bool(seen.local) and seen.loinc[0] in INDEX.analyses[seen.local].approved


def plainly(counts: Counts) -> dict[str, Any]:
    """The same figures of the counting itself."""
    return {
        "reports": counts.reports,
        "level1": counts.level1_reports,
        "deleted": counts.deleted_reports,
        "seen": counts.seen,
        "reports_of": counts.reports_of,
        "whole": {
            (cluster.results, cluster.effective): times
            for cluster, times in counts.clusters.items()
            if not cluster.domain
        },
    }


@given(st.lists(documents, max_size=6))
def test_counts_are_those_of_the_rules_written_plainly(history: list[ObservedReport]) -> None:
    assert plainly(count(history, INDEX)) == naive(history)


@given(st.lists(documents, max_size=5), st.lists(documents, max_size=5), st.booleans())
def test_files_about_other_reports_may_come_in_any_order(
    one: list[ObservedReport], other: list[ObservedReport], is_first: bool
) -> None:
    def renamed(report: ObservedReport) -> ObservedReport:
        return ObservedReport(
            report.place,
            frozenset(f"other {key}" for key in report.keys),
            report.results,
            is_structured=report.is_structured,
            version=report.version,
            replaces=frozenset(f"other {key}" for key in report.replaces),
            is_whole=report.is_whole,
            is_deletion=report.is_deletion,
        )

    others = [renamed(report) for report in other]
    expected = count([*one, *others], INDEX)
    assert count([*others, *one], INDEX) == expected
    mixed = [report for pair in zip(one, others, strict=False) for report in (pair if is_first else pair[::-1])]
    shorter = min(len(one), len(others))
    assert count([*mixed, *one[shorter:], *others[shorter:]], INDEX) == expected


@given(st.lists(documents, max_size=6))
def test_the_parts_of_the_counts_agree(history: list[ObservedReport]) -> None:
    counts = count(history, INDEX)
    whole = [(cluster, times) for cluster, times in counts.clusters.items() if not cluster.domain]
    assert sum(cluster.results * times for cluster, times in whole) == sum(counts.seen.values())
    effective = sum(results for seen, results in counts.seen.items() if is_effective(seen))
    assert sum(cluster.effective * times for cluster, times in whole) == effective
    assert counts.seen.keys() == counts.reports_of.keys()
    assert all(counts.reports_of[seen] <= results for seen, results in counts.seen.items())
    assert counts.level1_reports <= counts.reports
    for domain in {cluster.domain for cluster in counts.clusters}:
        inside = sum(times for cluster, times in counts.clusters.items() if cluster.domain == domain)
        assert inside <= counts.reports - counts.level1_reports
