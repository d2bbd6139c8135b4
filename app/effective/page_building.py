"""Building the page of the runs of a catalogue, and that of one run."""

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from app.coverage.definitions import Definition, Figure
from app.coverage.kept import KeptCatalogue
from app.coverage.pages import TARGET_PERCENT
from app.coverage.wording import NO_CHAPTER
from app.effective import lists_sql, repository, service, wording
from app.effective.last_run import samples_of_run
from app.effective.lines import CONTRACT, Figures, Share
from app.effective.lists_sql import NamedRow, ToRepair
from app.effective.pages import (
    DEFAULT_MARGIN,
    MARGINS,
    ChapterLine,
    EffectivePage,
    FindingLine,
    Heading,
    RepairFacet,
    RepairLine,
    RunLine,
    RunPage,
    RunQuery,
    SampleLine,
    ShareLine,
    UnseenLine,
)
from app.effective.printed import EXTRAS
from app.effective.repairs import TITLES, Repair, sentence
from app.effective.reported import Interval, chapters_told
from app.effective.repository import KeptRun
from app.effective.sampling import DRAWS, Sample, reports_without_pilot
from app.jobs.pages import job_line
from app.platform.identity import CatalogueAccess
from app.text import release_title, share_text
from app.transcoding.readers import approved_unread_by, blind_person, has_hidden
from app.web.meter import Meter, stacked_meter

RUNS_SHOWN = 30
LINES_SHOWN = 50
_HEADINGS = {
    "nature": "À faire", "code": "Code local", "chapitre": "Chapitre", "resultats": "Résultats",
    "comptes-rendus": "Comptes rendus",
}  # fmt: skip
_NUMBERS = frozenset({"resultats", "comptes-rendus"})


def path_of(catalogue_id: int) -> str:
    """The page of the runs of a catalogue."""
    return f"/catalogues/{catalogue_id}/effectif"


def run_path(catalogue_id: int, public_id: str) -> str:
    """The page of one run."""
    return f"{path_of(catalogue_id)}/{public_id}"


def effective_page(
    session: Session, access: CatalogueAccess, page: int = 1, problem: str = "", first: str = "", last: str = ""
) -> EffectivePage:
    """The runs of a catalogue, the newest first."""
    address = path_of(access.catalogue_id)
    total = repository.count_runs(session, access.catalogue_id)
    page = min(page, max(1, -(-total // RUNS_SHOWN)))
    start = (page - 1) * RUNS_SHOWN
    runs = repository.runs_of(session, access.catalogue_id, start, RUNS_SHOWN)
    return EffectivePage(
        title=f"Transcodage effectif — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="effectif",
        laboratory_name=access.laboratory.name,
        may_act=access.role in service.MAY_MEASURE,
        problem=problem,
        first=first,
        last=last,
        most_files=service.MOST_FILES,
        most_megabytes=service.MOST_BYTES // 1_000_000,
        jobs=[job_line(job) for job in repository.readings_under_way(session, access.catalogue_id, service.JOB_KIND)],
        runs=[_run_line(kept) for kept in runs],
        total=total,
        previous_url=f"{address}?page={page - 1}" if page > 1 else "",
        next_url=f"{address}?page={page + 1}" if start + RUNS_SHOWN < total else "",
        definition=wording.BY_RESULTS,
        by_codes=wording.BY_CODES,
        without_pilot=reports_without_pilot(DEFAULT_MARGIN / 100),
        margin=DEFAULT_MARGIN,
    )


def _run_line(kept: KeptRun) -> RunLine:
    run = kept.run
    return RunLine(
        url=run_path(run.catalogue_id, run.public_id),
        at=run.created_at,
        author=kept.author or "ligne de commande",
        period=wording.period_text(run.period_from, run.period_to),
        reports=run.reports,
        results=run.results,
        effective=run.effective,
        local_codes=run.local_codes,
        effective_local_codes=run.effective_local_codes,
        withdrawn=kept.withdrawn_by if kept.withdrawal else "",
    )


def run_page(
    session: Session, access: CatalogueAccess, public_id: str, query: RunQuery, problem: str = "", typed: str = ""
) -> RunPage:
    """One run: figures, what to repair, what the catalogue and the reports have not in common. NotFoundError."""
    kept = service.get_run(session, access.catalogue_id, public_id)
    run = kept.run
    assert run.id is not None
    address = run_path(access.catalogue_id, public_id)
    figures = service.figures_of_run(session, run)
    catalogue = KeptCatalogue(session, access.catalogue_id)
    drawn = samples_of_run(run, repository.clusters_of(session, run.id))
    blind_to = blind_person(access)
    counts = lists_sql.repair_counts(session, run.id, access.catalogue_id, blind_to)
    total = counts.get(query.repair, (0, 0))[0] if query.repair else sum(lines for lines, _ in counts.values())
    query = replace(query, page=_within(query.page, total))
    start = (query.page - 1) * LINES_SHOWN
    hides = hides_approved(session, access)
    found = lists_sql.to_repair(
        session, run.id, access.catalogue_id, blind_to, query.repair, query.sort, query.is_descending, start,
        LINES_SHOWN,
    )  # fmt: skip
    unseen_total = lists_sql.count_never_seen(session, access.catalogue_id, run.id)
    query = replace(query, unseen=_within(query.unseen, unseen_total))
    unseen_start = (query.unseen - 1) * LINES_SHOWN
    withdrawal = kept.withdrawal
    return RunPage(
        title=f"Mesure du transcodage effectif — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="effectif",
        laboratory_name=access.laboratory.name,
        address=address,
        may_act=access.role in service.MAY_MEASURE,
        problem=problem,
        typed=typed,
        at=run.created_at,
        author=kept.author or "ligne de commande",
        period=wording.period_text(run.period_from, run.period_to),
        release=release_title(run.release_version),
        circuit=run.circuit_version,
        files=run.files,
        reports=run.reports,
        level1_reports=run.level1_reports,
        deleted_reports=run.deleted_reports,
        damaged=run.damaged,
        results=run.results,
        withdrawn_by=kept.withdrawn_by,
        withdrawn_at=withdrawal.created_at if withdrawal else None,
        withdrawn_reason=withdrawal.reason if withdrawal else "",
        shares=_shares(figures, catalogue.figure(Definition()), drawn.get("")),
        what_is_a_result=wording.WHAT_IS_A_RESULT,
        no_patient=wording.NO_PATIENT,
        no_circuit="" if run.has_circuit else wording.NO_CIRCUIT,
        findings=[
            FindingLine(name=wording.NAMES[finding], results=figures.count(finding)) for finding in (*CONTRACT, *EXTRAS)
        ],
        overlap=wording.OVERLAP,
        chapters=_chapters(figures, catalogue.by_chapter(Definition())),
        by_chapter=wording.BY_CHAPTER,
        coverage=wording.COVERAGE,
        has_whole="" in drawn,
        samples=[_sample_line(name, sample, query.margin) for name, sample in drawn.items()],
        margin=query.margin,
        margins=MARGINS,
        without_pilot=reports_without_pilot(query.margin / 100),
        draws=DRAWS,
        facets=[
            RepairFacet(
                title=title,
                lines=counts[repair][0],
                results=counts[repair][1],
                url=replace(query, repair=repair, page=1).url(address) + "#a-corriger",
                is_chosen=query.repair is repair,
            )
            for repair, title in TITLES.items()
            if repair in counts
        ],
        every_url=replace(query, repair=Repair.NONE, page=1).url(address) + "#a-corriger" if query.repair else "",
        headings=[_heading(name, query, address) for name in _HEADINGS],
        repairs=repair_lines(session, access.catalogue_id, found, hides),
        repairs_total=total,
        repairs_first=start + 1 if found else 0,
        repairs_last=start + len(found),
        previous_url=replace(query, page=query.page - 1).url(address) if query.page > 1 else "",
        next_url=replace(query, page=query.page + 1).url(address) if start + LINES_SHOWN < total else "",
        csv_url=replace(query, page=1, unseen=1).url(address, format="csv"),
        hides_approved=hides,
        hides_lines=has_hidden(session, access),
        adopt_url=replace(query, repair=Repair.ADOPT, page=1).url(address) if Repair.ADOPT in counts else "",
        retired_url=replace(query, repair=Repair.RETIRED, page=1).url(address) if Repair.RETIRED in counts else "",
        unseen=[
            unseen_line(row, access.catalogue_id, hides)
            for row in lists_sql.never_seen(session, access.catalogue_id, run.id, unseen_start, LINES_SHOWN)
        ],
        unseen_total=unseen_total,
        unseen_previous_url=replace(query, unseen=query.unseen - 1).url(address) if query.unseen > 1 else "",
        unseen_next_url=(
            replace(query, unseen=query.unseen + 1).url(address) if unseen_start + LINES_SHOWN < unseen_total else ""
        ),
        unseen_csv_url=query.url(address, format="jamais-vues"),
    )


def _within(page: int, total: int) -> int:
    return min(page, max(1, -(-total // LINES_SHOWN)))


def hides_approved(session: Session, access: CatalogueAccess) -> bool:
    """Whether approved codes stay hidden from this person, who still has rows to read without seeing them."""
    return approved_unread_by(session, blind_person(access), access.catalogue_id)


def _interval(sample: Sample | None) -> str:
    """The bounds of a share; empty where nothing was read."""
    return Interval.of(sample).text if sample is not None else ""


def _bar(share: Share, name: str) -> Meter:
    label = f"{name} : {share_text(share.part, share.total)}. Repère : 80\u00a0%."
    return stacked_meter(share.total, [("part-ok", share.part)], label, TARGET_PERCENT)


def _shares(figures: Figures, coverage: Figure, whole: Sample | None) -> list[ShareLine]:
    covered = Share(coverage.numerator, coverage.denominator)
    return [
        ShareLine(
            name=name, part=share.part, total=share.total, interval=interval, definition=said, meter=_bar(share, name)
        )
        for name, share, interval, said in (
            ("Par résultats", figures.by_results, _interval(whole), wording.BY_RESULTS),
            ("Par résultats, avec ceux qui n’ont pas de code local", figures.with_loinc_alone, "",
             wording.WITH_LOINC_ALONE),
            ("Par codes locaux", figures.by_codes, "", wording.BY_CODES),
            ("Couverture du catalogue aujourd’hui", covered, "", wording.COVERAGE),
        )
    ]  # fmt: skip


def _chapters(figures: Figures, covered: Mapping[str, Figure]) -> list[ChapterLine]:
    """The chapters of the catalogue in its order, then what is in none."""
    return [
        ChapterLine(
            chapter=told.name,
            effective=told.carried.part,
            results=told.carried.total,
            meter=_bar(told.carried, f"Effectif, {told.name}"),
            transcoded=told.covered.part,
            analyses=told.covered.total,
            coverage_meter=_bar(told.covered, f"Couverture, {told.name}"),
        )
        for told in chapters_told(figures, covered)
    ]


def _sample_line(name: str, sample: Sample, margin: int) -> SampleLine:
    return SampleLine(
        domain=name or "Tous les résultats",
        reports=sample.reports,
        results=sample.results,
        effective=sample.effective,
        interval=_interval(sample),
        design_effect=sample.design_effect,
        needed=sample.reports_for(margin / 100),
        is_sure=sample.is_sure,
        is_assumed=sample.design_effect is None,
    )


def _heading(name: str, query: RunQuery, address: str) -> Heading:
    is_sorted = name == query.sort
    order = ("descending" if query.is_descending else "ascending") if is_sorted else "none"
    return Heading(
        title=_HEADINGS[name],
        url=query.turned(name).url(address) + "#a-corriger",
        order=order,
        is_number=name in _NUMBERS,
    )


def repair_lines(session: Session, catalogue_id: int, found: list[ToRepair], hides: bool) -> list[RepairLine]:
    """The lines with the labels of their analyses and what to do; `hides` all approved codes."""
    rows = lists_sql.rows_of_codes(session, catalogue_id, {item.line.local for item in found} - {""})
    return [_repair_line(item, rows.get(item.line.local), catalogue_id, hides) for item in found]


def _repair_line(item: ToRepair, row: NamedRow | None, catalogue_id: int, hides: bool) -> RepairLine:
    line = item.line
    return RepairLine(
        title=TITLES[item.repair],
        local=line.local,
        label=row.label if row else "",
        url=_row_url(catalogue_id, row.id) if row else "",
        chapter=line.group,
        loinc=" ".join(line.loinc),
        unit=line.unit,
        results=line.results,
        reports=line.reports,
        sentence=sentence(item.repair, line, hides),
    )


def _row_url(catalogue_id: int, row_id: int) -> str:
    return f"/catalogues/{catalogue_id}/revue/{row_id}"


def unseen_line(row: NamedRow, catalogue_id: int, hides: bool) -> UnseenLine:
    """An analysis that no report carried."""
    return UnseenLine(
        code=row.code,
        label=row.label,
        chapter=row.chapter or NO_CHAPTER,
        loinc="" if hides else row.loinc_num,
        url=_row_url(catalogue_id, row.id),
    )
