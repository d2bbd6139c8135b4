"""A part of an archive that cannot be read hides no other from an erasure."""

import io
import zipfile

import pytest

from app.upkeep.erasure_places import _inflated

METHODS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("damaged", range(6, 40, 3))
def test_the_parts_beside_a_damaged_one_are_read(method: int, damaged: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", " ".join(str(number**2) for number in range(400)), compress_type=method)
        archive.writestr("b.txt", "DURAND Marie", compress_type=zipfile.ZIP_STORED)
    content = bytearray(buffer.getvalue())
    # Behind the header of the first member and its name.
    place = 30 + len("a.txt") + damaged
    content[place] ^= 0xFF
    assert b"DURAND Marie" in list(_inflated(bytes(content)))
