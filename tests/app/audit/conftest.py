"""The decided sample of the exports."""

from tests.app.exports.conftest import decided, narrow, sample

__all__ = ["decided", "narrow", "sample"]
