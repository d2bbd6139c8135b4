"""What the examination of an installation says: one line a check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_well: bool
    said: str

    @property
    def line(self) -> str:
        """The line of the report."""
        return f"{'bon' if self.is_well else 'À REVOIR':<9} {self.name} : {self.said}."
