"""The small catalogue of the review, under the eyes of a biologist."""

from tests.app.review.conftest import desk

__all__ = ["desk"]
