"""The decided sample of the exports."""

from tests.app.exports.conftest import narrow, sample

__all__ = ["narrow", "sample"]
