"""Fixtures of the reports: the sample catalogue of the exports, and what a report says of it."""

import pytest

from app.platform.database import reading
from app.reports.content import ReportContent, read_report
from tests.app.exports.conftest import decided, sample
from tests.app.exports.sample import Sample

__all__ = ["decided", "sample"]


@pytest.fixture
def content(decided: Sample) -> ReportContent:
    """What the report says of a catalogue with a row in each state."""
    with reading(decided.world.engine) as session:
        return read_report(session, decided.world.laboratory, decided.catalogue, "Camille", None)
