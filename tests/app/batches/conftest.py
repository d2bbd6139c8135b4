"""The desk of the review, for its batches."""

from tests.app.review.conftest import desk

__all__ = ["desk"]
