"""Programs that read with a token."""

from tests.app.exports.conftest import decided, narrow, sample
from tests.app.fhir.conftest import program, program_for

__all__ = ["decided", "narrow", "program", "program_for", "sample"]
