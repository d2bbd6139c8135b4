"""A code that the release does not hold leaves in no file and counts nowhere, decided or approved, whatever the format.

An approval of such a code dates from before the check, or from a release that held it.
"""

import io
import zipfile

import pytest

from app.coverage.service import coverage_report, shown_report
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.models import Laboratory, Level
from app.platform.database import Transactions, reading
from app.settings import Settings
from tests.app.exports.sample import Sample

UNKNOWN = "2160-0"
"""Well formed, with a right check digit, and in no release of the sample."""


def figures(sample: Sample) -> list[object]:
    """Every definition of coverage, from the facts and as the page shows them: the same."""
    with reading(sample.world.engine) as session:
        laboratory = session.get_one(Laboratory, sample.world.laboratory_id)
        report = coverage_report(session, laboratory, sample.catalogue)
        shown = shown_report(session, laboratory, sample.catalogue)
    assert report.figures == shown.figures
    return [figure.numerator for _, figure in report.figures]


@pytest.mark.parametrize("kind", list(ExportKind))
@pytest.mark.parametrize("is_approved", [False, True])
def test_it_leaves_in_no_file(decided: Sample, settings: Settings, kind: ExportKind, is_approved: bool) -> None:
    before = figures(decided)
    with decided.together():
        for code, level in (("RARE", Level.ANALYSIS), ("IONO", Level.EXAM), ("SER", Level.CHAPTER)):
            (decided.approve if is_approved else decided.choose)(code, UNKNOWN, level)
    assert figures(decided) == before, "it counts in no definition"
    with reading(decided.world.engine) as session:
        laboratory = session.get_one(Laboratory, decided.world.laboratory_id)
    request = ExportRequest(kind, packaging=Packaging.ZIP)
    file, _ = make_export(Transactions(decided.world.engine), settings, laboratory, decided.catalogue, request)
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        content = archive.read(archive.namelist()[0])
    if kind is not ExportKind.XLSX:
        # The sheet of decisions is for who decides: it shows what waits, in a column of its own.
        assert UNKNOWN.encode() not in content
