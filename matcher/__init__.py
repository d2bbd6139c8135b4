"""Explained LOINC proposals for French laboratory catalogues: a pure library, no web, no database, no clock."""

from matcher.engine import Engine, EngineOptions
from matcher.habits import Habit
from matcher.knowledge import Knowledge, Remembered
from matcher.types import (
    Axis,
    Band,
    Evidence,
    LexiconEntry,
    LocalTest,
    Proposal,
    Tables,
    Term,
    Verdict,
)

__all__ = [
    "Axis",
    "Band",
    "Engine",
    "EngineOptions",
    "Evidence",
    "Habit",
    "Knowledge",
    "LexiconEntry",
    "LocalTest",
    "Proposal",
    "Remembered",
    "Tables",
    "Term",
    "Verdict",
]
