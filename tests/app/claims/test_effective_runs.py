"""Which run of emitted reports a pack holds, what of a report is in it, and that anybody counts it alike."""

import io
import lzma
import zipfile
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from app.audit.erasing import erase
from app.claims import effective_recompute
from app.claims.effective_tables import EFFECTIVE_CLUSTERS, EFFECTIVE_COUNTS, EFFECTIVE_RUN
from app.claims.reading_facts import Facts, read_csv
from app.claims.report_checks import REPORT_DOCUMENT
from app.claims.tables import csv_bytes
from app.claims.verification import PackRefusedError, verify_pack
from app.effective import service
from app.effective.catalogue_index import index_of
from app.effective.judging import judged
from app.effective.lines import Figures, Finding
from app.effective.measuring import against_now
from app.effective.repairs import repair_of
from app.effective.uploads import counts_of_paths
from app.emitted.observed import MASKED, CodeSystems, Seen
from app.errors import ConflictError
from app.models import EffectiveCluster, EffectiveCount
from app.platform.database import reading, transaction
from app.reports.content import read_report
from app.reports.formats import ReportFormat, written
from tests.app.claims.conftest import Make
from tests.app.claims.forging import opened, summed, written_again, zipped
from tests.app.claims.oracle import carried_in
from tests.app.claims.test_effective_pack import COUNTS, FILES, cell, keep, table
from tests.app.claims.test_pack import FIXED
from tests.app.claims.test_past_versions import Signed, signed
from tests.app.effective.hand_made import CODES, GLUCOSE, SODIUM, analysis, counts_of_results, seen
from tests.app.effective.runs import keep_run
from tests.app.effective.test_uploads import MARKS
from tests.app.exports.sample import POTASSIUM, Sample
from tests.conftest import BIOLOGIST, TRANSCODER
from tests.hypothesis_profiles import costly

__all__ = ["signed"]
NO_FACTS = Facts({}, *([] for _ in fields(Facts)[1:]))
REPORT = (
    b"MSH|^~\\&|SGL|LABO|||202603011200||ORU^R01|%d|P|2.5\r"
    b"PID|1||2470299123456||ZWYNDELLE^Hildegonde-Marie||19470229|F\rOBR|1||CR%d|X^X^L\r"
    b"OBX|1|NM|2951-2^Sodium^LN^NA^SODIUM^L||140|mmol/L|||||F\r"
    b"OBX|2|NM|ZWYNDELLE^ZWYNDELLE^L||1|mmol/L|||||F\r"
    b"OBX|3|ST|2470299123456^x^L||Hildegonde-Marie||||||F\r"
)
"""Of a patient who does not exist, whose name and number stand as local codes too."""


# ---- which run


def test_a_pack_made_before_runs_were_told_verifies(tmp_path: Path) -> None:
    """Whatever it holds but hashes is made again from its facts: a state without a run gives the bytes of before.

    A change of the words that every pack says makes it fail: those who hold a pack have to know, then it is made anew.
    """
    path = tmp_path / "avant.zip"
    path.write_bytes(lzma.decompress((Path(__file__).parent / "pack_before_runs.zip.xz").read_bytes()))
    verdict = verify_pack(path, "0f87eea6089c981de5187c9da90841a062b008dff3a670086caf5fc9b9cfc42e")
    assert verdict.run is None
    assert sorted(name for name in opened(path) if not name.startswith("exports/")) == sorted(FIXED)


def test_a_state_without_a_run_has_none_of_it(decided: Sample, make: Make) -> None:
    path, _ = make(decided)
    contents = opened(path)
    assert [name for name in contents if name in FIXED] == sorted(FIXED)
    for name, content in contents.items():
        assert "effectif" not in content.decode().lower(), name
    assert verify_pack(path).run is None


def test_a_run_that_was_taken_back_leaves_a_pack_without(decided: Sample, make: Make) -> None:
    run = keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None)
    assert verify_pack(make(decided)[0]).run is not None
    with transaction(decided.world.engine) as session:
        access = decided.world.catalogue_access(BIOLOGIST, decided.catalogue)
        service.withdraw(session, access, run.public_id, "Comptes rendus d’essai")
    path, _ = make(decided)
    assert set(opened(path)).isdisjoint(FILES)
    assert verify_pack(path).run is None


def test_a_run_kept_after_a_signature_is_not_of_its_version(signed: Signed) -> None:
    before, _ = signed.pack()
    keep(signed.sample)
    assert signed.pack()[0] == before
    assert set(signed.contents()).isdisjoint(FILES)
    signed.pack(draft=True)
    assert set(FILES) <= set(signed.contents())


def test_a_version_keeps_the_run_of_then(signed: Signed) -> None:
    """What came since, another run and its withdrawal, changes no byte of it."""
    sample, world = signed.sample, signed.sample.world
    first = keep_run(world.engine, world.laboratory, sample.catalogue, world.users[TRANSCODER])
    sample.approve("K", POTASSIUM)
    signed.bring_up()
    signed.signing.sign()
    before, pack = signed.pack()
    assert pack.version == 2
    contents = signed.contents()
    assert table(contents, EFFECTIVE_RUN.name)[0]["run"] == first.public_id
    assert "ce qui est approuvé a changé pour 1 code local vu" in contents[REPORT_DOCUMENT].decode()
    keep_run(world.engine, world.laboratory, sample.catalogue, None, counts_of_results([[seen("NA", SODIUM)]]))
    sample.approve("CREA", "14682-9")
    signed.bring_up()
    with transaction(world.engine) as session:
        service.withdraw(session, world.catalogue_access(BIOLOGIST, sample.catalogue), first.public_id, "À refaire")
    assert signed.pack()[0] == before
    signed.pack(draft=True)
    assert table(signed.contents(), EFFECTIVE_RUN.name)[0]["results"] == "1"


def test_a_run_whose_reports_were_being_read_at_the_signature_came_after_it(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, pack = signed.pack()
    with monkeypatch.context() as patch:
        # Judged against the catalogue of a moment before the signature.
        patch.setattr("app.effective.measuring.utc_now", lambda: signed.signing.signatures()[0].signed_at)
        keep(signed.sample)
    assert signed.pack()[0] == before
    assert pack.version == 1


def test_the_run_of_another_catalogue_is_not_in_it(decided: Sample, make: Make) -> None:
    before, _ = make(decided)
    world = decided.world
    other = world.add_catalogue("Autre")
    keep_run(world.engine, world.laboratory, other, world.users[TRANSCODER])
    assert set(opened(make(decided)[0])) == set(opened(before))


def test_reports_without_any_result_make_a_pack_too(decided: Sample, make: Make) -> None:
    nothing = counts_of_results([], level1=3)
    keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None, nothing)
    path, _ = make(decided)
    verdict = verify_pack(path)
    assert verdict.run is not None
    assert (verdict.run.carried.results, verdict.run.not_recomputed) == (0, ())
    assert "Par résultats : rien à compter." in opened(path)["attestation.txt"].decode()
    # Nothing is divided by what a forger says that such reports hold.
    clusters = csv_bytes(EFFECTIVE_CLUSTERS.columns, [["", "0", "0", "3"]])
    path.write_bytes(zipped(summed(opened(path) | {EFFECTIVE_CLUSTERS.name: clusters})))
    with pytest.raises(PackRefusedError, match=r"effective_clusters\.csv, ligne 2 : .* aucun résultat"):
        verify_pack(path)


def test_results_that_carry_the_approved_code_and_another_are_told_as_the_workbench_tells_them(
    decided: Sample, make: Make
) -> None:
    """They carry several codes, and do not differ from what was approved; with other codes alone they do."""
    both, others = seen("NA", SODIUM, POTASSIUM), seen("NA", GLUCOSE, POTASSIUM)
    counts = counts_of_results([[both, others]])
    keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None, counts)
    path, _ = make(decided)
    assert verify_pack(path).run is not None
    told = {line["loinc_codes"]: line["findings"].split() for line in table(opened(path), COUNTS)}
    assert {codes: "differs_from_approved" in words for codes, words in told.items()} == {
        f"{POTASSIUM} {SODIUM}": False, f"{GLUCOSE} {POTASSIUM}": True,
    }  # fmt: skip


def test_facts_that_do_not_add_up_make_no_pack(decided: Sample, make: Make) -> None:
    run = keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None)
    with transaction(decided.world.engine) as session:
        session.add(
            EffectiveCount(run_id=run.id or 0, findings="no_local_code", repair="local_code", results=4, reports=1)
        )
    with pytest.raises(ConflictError, match="« results » vaut 249, et les faits donnent 253"):
        make(decided)


def test_nothing_of_a_patient_is_in_any_form_of_it(
    decided: Sample, make: Make, tmp_path: Path, engine: Engine
) -> None:
    """The reports are really read; only what the run holds leaves."""
    message = tmp_path / f"{MARKS[0].decode()}.hl7"
    message.write_bytes(b"".join(REPORT % (number, number) for number in range(40)))
    world = decided.world
    with reading(engine) as session:
        index = index_of(against_now(session, world.laboratory, decided.catalogue).analyses)
    counts = counts_of_paths(engine, [str(message)], index, CodeSystems())
    assert sum(counts.seen.values()) == 120
    keep_run(engine, world.laboratory, decided.catalogue, world.users[TRANSCODER], counts)
    with reading(engine) as session:
        content = read_report(session, world.laboratory, decided.catalogue, "Camille", None)
    files = [written(content, asked)[2] for asked in ReportFormat if asked is not ReportFormat.PDF]
    with zipfile.ZipFile(io.BytesIO(written(content, ReportFormat.XLSX)[2])) as workbook:
        files += [workbook.read(name) for name in workbook.namelist()]
    files.append(make(decided)[0].read_bytes())
    assert [mark for mark in MARKS for file in files if mark in file] == []
    assert {line["local_code"] for line in table(opened(tmp_path / "dossier0.zip"), COUNTS)} == {"NA", "•"}


def test_a_local_code_that_was_erased_is_held_by_the_chain(decided: Sample, make: Make) -> None:
    run = keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None)
    with transaction(decided.world.engine) as session:
        line = session.exec(select(EffectiveCount).where(EffectiveCount.local_code == "NEUF")).one()
        erase(session, "effective_count", line.id or 0, "local_code", reason="nom d'un patient", actor=None)
    path, _ = make(decided)
    verdict = verify_pack(path)
    assert verdict.run is not None
    assert verdict.run.local_codes == (run.effective_local_codes, run.local_codes) == (0, 7)
    (said,) = verdict.run.not_recomputed
    assert "Les codes locaux du transcodage effectif ne sont pas recomptés" in said
    assert b"NEUF;" not in opened(path)[COUNTS]
    # Nobody erases one afterwards.
    forged = written_again(path, COUNTS, cell(2, "local_code", ""))
    other = path.with_name("touche.zip")
    other.write_bytes(zipped(forged))
    with pytest.raises(PackRefusedError, match="« local_code » n'est pas le texte auquel la chaîne"):
        verify_pack(other)


def test_the_name_of_a_domain_that_was_erased_leaves_no_interval(decided: Sample, make: Make) -> None:
    run = keep_run(decided.world.engine, decided.world.laboratory, decided.catalogue, None)
    with transaction(decided.world.engine) as session:
        found = session.exec(select(EffectiveCluster).where(EffectiveCluster.domain != "").limit(1)).one()
        erase(session, "effective_cluster", found.id or 0, "domain", reason="nom d'un patient", actor=None)
    path, _ = make(decided)
    assert table(opened(path), EFFECTIVE_RUN.name)[0]["interval_low"] == ""
    verdict = verify_pack(path)
    assert verdict.run is not None
    assert verdict.run.carried.results == run.results


# ---- the rules of whoever counts again are those of the workbench


def test_the_words_of_a_run_are_those_that_are_known() -> None:
    assert {finding.value for finding in Finding} == effective_recompute.FINDINGS


def all_words() -> Iterator[tuple[Finding, ...]]:
    for size in range(4):
        yield from combinations(Finding, size)


def test_what_is_to_be_done_is_told_alike() -> None:
    for words in all_words():
        assert effective_recompute.repair_of(sorted(words)) == repair_of(words), words


RESULTS = st.builds(
    seen, st.sampled_from(["", "NA", "K", "X", "VIEUX", MASKED]),
    st.sampled_from([SODIUM, POTASSIUM, "1751-7", "19146-0", "?"]),
) | st.builds(seen, st.sampled_from(["NA", "K", "X", "VIEUX", MASKED, "=1"])) | st.builds(
    lambda local: seen(local, SODIUM, POTASSIUM), st.sampled_from(["", "NA", "X"])
)  # fmt: skip
ANALYSES = {
    "NA": analysis(SODIUM, chapter="Ions"), "K": analysis(POTASSIUM, counted="", chapter=""),
    "VIEUX": analysis(chapter="Ions", is_retired=True), "=1": analysis(SODIUM, POTASSIUM, chapter="=Ions"),
}  # fmt: skip


@costly(10, HealthCheck.function_scoped_fixture)
@given(reports=st.lists(st.lists(RESULTS, max_size=6), max_size=8))
def test_an_oracle_counts_any_run_alike(reports: list[list[Seen]], tmp_path: Path) -> None:
    figures = Figures(8, 0, 1, 0, judged(counts_of_results(reports), ANALYSES, CODES), has_circuit=True)
    rows = [
        (line.local, " ".join(line.loinc), line.unit, line.section, line.chapter, " ".join(line.approved),
         " ".join(sorted(line.findings)), repair_of(line.findings), line.results, line.reports)
        for line in figures.lines
    ]  # fmt: skip
    content = csv_bytes(EFFECTIVE_COUNTS.columns, rows)
    (tmp_path / "effective_counts.csv").write_bytes(content)
    lines = read_csv(COUNTS, content)
    found = effective_recompute.carried(replace(NO_FACTS, effective_counts=lines))
    oracle = carried_in(tmp_path)
    assert {
        "results": found.results, "effective": found.effective, "with_loinc_alone": found.with_loinc_alone,
        "local_codes": (found.effective_local_codes, found.local_codes), "chapters": found.chapters,
        "findings": dict(found.findings),
    } == oracle  # fmt: skip
    assert (figures.by_results.part, figures.by_results.total) == (oracle["effective"], oracle["results"])
    assert (figures.by_codes.part, figures.by_codes.total) == oracle["local_codes"]
    assert {name: (share.part, share.total) for name, share in figures.by_chapter.items()} == oracle["chapters"]
