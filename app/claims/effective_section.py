"""The section of a report on what emitted reports carried, made from the facts of a pack alone. Pure.

The words are those of the workbench; its figures are counted again (`effective_checks`) before anything is told.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from app.claims.effective_checks import whole_clusters
from app.claims.effective_recompute import Carried
from app.claims.effective_tables import BOOTSTRAP
from app.claims.past_facts import moment_of
from app.claims.reading_facts import Facts, Row
from app.claims.recompute import Moment
from app.claims.tables import YES
from app.coverage.report import CoverageReport
from app.effective.lines import Figures, Finding, Line, Share
from app.effective.reported import EffectiveSection, Interval, RunTold, SectionMaker
from app.text import share_text


def section_of(moment: Moment, coverage: CoverageReport) -> EffectiveSection | None:
    """What the report says whose coverage this is; None without a run. The facts were checked."""
    facts = moment.facts
    if not facts.effective_run:
        return None
    return SectionMaker(run_of(facts), coverage, approved_of(moment), labels_of(facts)).section()


def labels_of(facts: Facts) -> dict[str, str]:
    """Local code -> the label of its first analysis, for those that results carried."""
    seen = {line["local_code"] for line in facts.effective_counts} - {""}
    found: dict[str, str] = {}
    for line in facts.rows:
        if line["level"] == "analysis" and line["code"] in seen:
            found.setdefault(line["code"].strip(), line["label"])
    return found


def run_of(facts: Facts) -> RunTold:
    """The run of a pack, as reports tell one."""
    run = facts.effective_run[0]
    people = {line["person"]: line["name"] for line in facts.people}
    return RunTold(
        measured_at=moment_of(run["measured_at"]),
        author=people[run["author"]] if run["author"] else "",
        period_from=_day(run["period_from"]),
        period_to=_day(run["period_to"]),
        release_version=run["release_version"],
        is_release_in_service=run["release_sha256"] == run["in_service_sha256"],
        circuit=run["circuit_version"],
        is_circuit_in_service=run["circuit_sha256"] == run["circuit_in_service_sha256"],
        figures=Figures(
            reports=int(run["reports"]),
            level1_reports=int(run["level1_reports"]),
            files=int(run["files"]),
            damaged=int(run["damaged"]),
            lines=[_line(line) for line in facts.effective_counts],
            has_circuit=run["has_circuit"] == YES,
            deleted_reports=int(run["deleted_reports"]),
            known_codes=Share(int(run["effective_local_codes"]), int(run["local_codes"])),
        ),
        interval=_interval(facts, run),
    )


def agrees(facts: Facts, again: Carried) -> bool:
    """Whether the workbench counts what was counted again from the facts alone."""
    figures = run_of(facts).figures
    return (
        figures.by_results == Share(again.effective, again.results)
        and figures.with_loinc_alone == Share(again.with_loinc_alone, again.results)
        and {finding.value: count for finding, count in figures.counts.items()} == dict(again.findings)
        and {name: (share.part, share.total) for name, share in figures.by_chapter.items()} == again.chapters
    )


def _interval(facts: Facts, run: Row) -> Interval:
    reports = sum(reports for *_, reports in whole_clusters(facts)) if run["interval_low"] else 0
    low, high = (_told(run[name]) for name in ("interval_low", "interval_high"))
    return Interval(low, high, run["interval_by"] == BOOTSTRAP, reports)


def _told(percents: str) -> str:
    """A bound of the facts as it is printed."""
    return share_text(int(percents.replace(",", "")), 10_000) if percents else ""


def _line(line: Row) -> Line:
    return Line(
        line["local_code"], tuple(line["loinc_codes"].split()), line["unit"], line["section"], int(line["results"]),
        int(line["reports"]), frozenset(map(Finding, line["findings"].split())),
        tuple(line["approved_codes"].split()), line["chapter"],
    )  # fmt: skip


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def approved_of(moment: Moment) -> dict[str, list[str]]:
    """Local code -> the codes that biologists approved for its analyses in use, sorted, as they stand at a moment."""
    found: dict[str, set[str]] = defaultdict(set)
    for local, code in _approved(moment):
        found[local].add(code)
    return {local: sorted(codes) for local, codes in found.items()}


def _approved(moment: Moment) -> Iterator[tuple[str, str]]:
    held = {item.key for item in moment.rows if not item.is_gone}
    for item in moment.rows:
        state = item.state
        is_approved = state.status == "approved" and state.outcome == "code" and item.row["level"] == "analysis"
        # A row that is gone is in use where an approved code speaks of it and no other row has its local code.
        if is_approved and (not item.is_gone or (state.code and item.key not in held)):
            yield item.row["code"].strip(), state.code
