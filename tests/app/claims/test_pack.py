"""A pack: what it holds, and that the same facts give the same bytes."""

import hashlib
import zipfile

from app.claims.verification import verify_pack
from tests.app.claims.conftest import Make
from tests.app.exports.sample import Sample


def test_the_same_facts_give_the_same_bytes(decided: Sample, make: Make) -> None:
    first, told = make(decided)
    second, again = make(decided)
    assert first.read_bytes() == second.read_bytes()
    assert told.fingerprint == again.fingerprint == hashlib.sha256(first.read_bytes()).hexdigest()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None



def test_it_verifies(decided: Sample, make: Make) -> None:
    path, told = make(decided)
    verdict = verify_pack(path, told.fingerprint)
    assert verdict.fingerprint == told.fingerprint
    assert verdict.figures[0].figure.percent == "33,33"
