"""A code d'attente leaves in no export: not as a LOINC code, and not beside one."""

import io
import zipfile

import pytest

from app.code_requests import service
from app.code_requests.service import Said
from app.code_requests.waiting_codes import set_rule
from app.exports.schemas import ExportKind, Packaging
from app.exports.service import ExportRequest, make_export
from app.models import RequestAction
from app.platform.database import Transactions, transaction
from app.settings import Settings
from tests.app.exports.conftest import decided, sample
from tests.app.exports.sample import SODIUM, Sample
from tests.conftest import TRANSCODER

__all__ = ["decided", "sample"]
CODE, SYSTEM = "ATTENTE-7", "1.2.250.1.213.1.1.5.130"
NO_CODE_OF_ANALYSES = {ExportKind.LOINC_4, ExportKind.LOINC_5}


def texts(content: bytes) -> bytes:
    """What a file says, also inside the archives that it is made of."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(texts(archive.read(name)) for name in archive.namelist())


@pytest.mark.parametrize("packaging", list(Packaging))
@pytest.mark.parametrize("kind", list(ExportKind))
def test_no_export_carries_it(decided: Sample, settings: Settings, kind: ExportKind, packaging: Packaging) -> None:
    world = decided.world
    access = world.catalogue_access(TRANSCODER, decided.catalogue)
    row = decided.test_id("RARE")
    with transaction(world.engine) as session:
        set_rule(session, settings, access, SYSTEM, CODE, 0)
    with transaction(world.engine) as session:
        said = Said(waiting_code=CODE)
        assert service.follow(session, settings, access, [row], RequestAction.WAITING_CODE, said) == 1
    request = ExportRequest(kind, packaging=packaging)
    file, _ = make_export(Transactions(world.engine), settings, world.laboratory, decided.catalogue, request)
    found = texts(file.content)
    assert SODIUM.encode() in found or kind in NO_CODE_OF_ANALYSES, "the file says what was approved"
    assert CODE.encode() not in found
    assert SYSTEM.encode() not in found
