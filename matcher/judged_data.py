"""Counted by `python -m tests.bench.matching.judge --freeze`; do not edit by hand."""

JUDGED: dict[str, tuple[int, int]] = {
    "sure": (172, 172),
    "to_check": (430, 449),
    "uncertain": (10, 19),
}
"""Band -> (right, all) of the rows that judge."""
