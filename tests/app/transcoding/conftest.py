"""The small catalogue of the review."""

from tests.app.review.conftest import approved, desk

__all__ = ["approved", "desk"]
