"""A catalogue with a row in each state, and its pack."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.claims.pack import Pack, make_pack
from app.claims.versions import Asked
from app.models import User
from app.platform.database import Transactions
from app.settings import Settings
from tests.app.exports.conftest import decided, sample
from tests.app.exports.sample import Sample

__all__ = ["decided", "sample"]

Make = Callable[..., tuple[Path, Pack]]


@pytest.fixture
def make(settings: Settings, tmp_path: Path) -> Make:
    """`make(sample, actor)`: the file of a new pack, and what is said of it; without the PDF, which is slow."""
    made: list[Path] = []

    def run(sample: Sample, actor: User | None = None, *, with_pdf: bool = False) -> tuple[Path, Pack]:
        path = tmp_path / f"dossier{len(made)}.zip"
        made.append(path)
        pack = make_pack(
            Transactions(sample.world.engine), settings, sample.world.laboratory, sample.catalogue,
            lambda file, _pack: path.write_bytes(file.read_bytes()), actor, asked=Asked(without_pdf=not with_pdf),
        )  # fmt: skip
        return path, pack

    return run
