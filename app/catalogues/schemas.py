"""What goes in and out of an import."""

from dataclasses import dataclass

from app.text import enumeration


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import wrote."""

    catalogue_id: int
    catalogue_name: str
    file_names: tuple[str, ...]
    rows: int
    analyses: int
    exams: int
    chapters: int
    """Chapters and sub-chapters."""
    warnings: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The outcome as the user reads it."""
        read = enumeration(
            (
                (self.analyses, "analyse", "analyses"),
                (self.exams, "examen", "examens"),
                (self.chapters, "chapitre ou sous-chapitre", "chapitres et sous-chapitres"),
            )
        )
        return f"Import terminé : {read or 'données annexes enregistrées'}."
