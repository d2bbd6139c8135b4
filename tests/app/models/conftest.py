"""The small catalogue of the review, for facts to look at."""

from tests.app.review.conftest import desk

__all__ = ["desk"]
