"""An application whose static files a test may edit."""

import shutil
from pathlib import Path

import pytest

import app.settings
from app.web.templating import environment


def editable_static(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `static/` in this folder, which applications made from now on serve until the test ends."""
    environment()  # keeps the real templates, whatever test asks for a page first
    copy = folder / "checkout" / "static"
    shutil.copytree(app.settings.PROJECT_ROOT / "static", copy)
    monkeypatch.setattr(app.settings, "PROJECT_ROOT", copy.parent)
    return copy
