"""What a cell is that a spreadsheet may have made of another text."""

from enum import StrEnum


class CellKind(StrEnum):
    """What a cell is that a spreadsheet may have made of another text."""

    NUMBER = "number"
    """A whole number shown as it is: zeros in front of it may be lost."""
    DATE = "date"
    TIME = "time"
    """An hour or a duration."""
    BOOLEAN = "boolean"
    LONG = "long"
    """A number of more than 15 digits: the last ones are lost."""
    WIDE = "wide"
    """A whole number that the spreadsheet shows as a power of ten, and that is known in full."""
    GROUPED = "grouped"
    """A whole number that the cell shows in groups of three digits, and that is known in full."""
    EXPONENT = "exponent"
    DECIMAL = "decimal"
    PADDED = "padded"
    """A whole number that the cell shows with decimals."""
    PERCENT = "percent"
    FRACTION = "fraction"
    FORMATTED = "formatted"
    """A number whose format shows something else, which is not known for certain."""
    ERROR = "error"
    UNCALCULATED = "uncalculated"
    DATE_LIKE = "date-like"
    """A text that reads as a date; nothing says what it was."""
    SHORT = "short"
    """A number shorter than the codes around it."""
