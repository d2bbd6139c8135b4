"""Counted by `python -m tests.bench.matching.judge --freeze`; do not edit by hand."""

JUDGED: dict[str, tuple[int, int]] = {
    "sure": (230, 230),
    "to_check": (619, 647),
    "uncertain": (35, 51),
}
"""Band -> (right, all) of the rows that judge."""
