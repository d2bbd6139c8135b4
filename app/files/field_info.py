"""A meaning that a column may have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A meaning that a column may have."""

    name: str
    label: str
    """As the user reads it when she maps columns."""
    headings: tuple[str, ...] = ()
    """Folded headings that say exactly this."""
    pattern: str = ""
    """Folded headings that contain this probably say it; tried when no exact heading is found."""


def field_of(name: str, label: str, headings: str, pattern: str = "") -> FieldInfo:
    """The meaning of this name, its headings separated by commas."""
    return FieldInfo(name, label, tuple(" ".join(heading.split()) for heading in headings.split(",")), pattern)
