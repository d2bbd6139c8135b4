"""What every export states: release, definition, date, who approved, figures, and the LOINC notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.publication.assessment import Assessment, LevelCount, definition_of
from app.publication.schemas import LEVEL_LABELS, PublishedRelease
from app.text import paris_time
from loinc_data.notice import LOINC_NOTICE

LABELS = "Libellés"
VERSION = "Version du transcodage"
COUNTED = "Lignes comptées ci-dessous"
NOT_THE_RATE = (
    "celles du fichier, retirées et hors périmètre comprises ; ce n'est pas le taux de couverture, que donnent "
    "la page Couverture et le rapport"
)
OF_THE_FILE = frozenset({"Date de l'export", "Export fait par"})
"""What is said of a file, and not of what it holds."""
README_NAME = "LISEZMOI_LOINC.txt"
LICENCE_NAME = "LOINC_short_license.txt"
REPORT_NAME = "rapport_export.csv"


@dataclass(frozen=True, slots=True)
class Statement:
    """The facts about an export that travel with it."""

    laboratory: str
    catalogue: str
    release: PublishedRelease | None
    made_at: datetime
    made_by: str
    changed_at: datetime
    """When what is stated last changed."""
    approvers: tuple[tuple[str, int], ...]
    counts: tuple[LevelCount, ...]
    third_party_notices: tuple[str, ...] = ()
    french_producers: tuple[str, ...] = ()
    version_label: str = ""
    """Which signed version this is; « PROJET » when it is none, empty where it was not asked."""

    @classmethod
    def of(
        cls,
        assessment: Assessment,
        *,
        laboratory: str,
        catalogue: str,
        release: PublishedRelease | None,
        made_at: datetime,
        made_by: str,
        changed_at: datetime,
        version_label: str = "",
    ) -> "Statement":
        """The statement of an export that contains these rows."""
        names = assessment.names.values()
        return cls(
            laboratory=laboratory,
            catalogue=catalogue,
            release=release,
            made_at=made_at,
            made_by=made_by,
            changed_at=changed_at,
            approvers=tuple(assessment.approvers()),
            counts=tuple(assessment.counts()),
            third_party_notices=tuple(dict.fromkeys(n.copyright_notice for n in names if n.copyright_notice)),
            french_producers=tuple(dict.fromkeys(n.french_producer for n in names if n.french_producer)),
            version_label=version_label,
        )

    @property
    def loinc_version(self) -> str:
        """The release as LOINC numbers it; empty for a terminology that is no LOINC release."""
        return self.release.loinc_version if self.release else ""

    @property
    def release_title(self) -> str:
        """The release as the reader sees it."""
        return self.release.title if self.release else "aucune"

    @property
    def copyright(self) -> str:
        """The LOINC notice, then the notices of third parties whose terms are in the export."""
        return "\n".join((LOINC_NOTICE, *self.third_party_notices))

    @property
    def label_origin(self) -> str:
        """Where the labels beside the codes come from."""
        if not self.french_producers:
            return "nom long usuel de LOINC (LONG_COMMON_NAME), en anglais"
        producers = ", ".join(self.french_producers)
        return f"nom français officiel ({producers}) quand il existe, sinon nom long usuel de LOINC"

    def lines(self) -> list[tuple[str, str]]:
        """Heading and value of each fact, in French."""
        approvers = ", ".join(f"{name} ({count})" for name, count in self.approvers) or "personne encore"
        figures = [
            (LEVEL_LABELS[count.level], f"{count.coded} codées sur {count.rows} ; {_without(count)}")
            for count in self.counts
        ]
        return [
            ("Laboratoire", self.laboratory),
            ("Catalogue", self.catalogue),
            *([(VERSION, self.version_label)] if self.version_label else []),
            ("Version de LOINC", self.release_title),
            ("Date de l'export", f"{paris_time(self.made_at)} (heure de Paris)"),
            ("Export fait par", self.made_by),
            ("Approuvé par (lignes avec un code, chapitres compris)", approvers),
            ("Définition", definition_of(self.release)),
            (LABELS, self.label_origin),
            *([(COUNTED, NOT_THE_RATE)] if figures else []),
            *figures,
        ]


def _without(count: LevelCount) -> str:
    reasons = [f"{reason.label} : {number}" for reason, number in sorted(count.without.items())]
    return f"sans code : {', '.join(reasons)}" if reasons else "aucune sans code"


def readme(statement: Statement, files: Sequence[tuple[str, str]], notes: Sequence[str]) -> bytes:
    """The text that accompanies files to which nothing may be added; `files` are names and SHA-256."""
    blocks = ["\r\n".join(f"{heading} : {value}" for heading, value in statement.lines())]
    blocks.append("\r\n".join(["Fichiers (SHA-256) :", *(f"{name}  {digest}" for name, digest in files)]))
    if notes:
        blocks.append("\r\n".join(["À savoir :", *(f"- {note}" for note in notes)]))
    blocks.append(statement.copyright.replace("\n", "\r\n"))
    text = "\r\n\r\n".join(["Transcodage LOINC", *blocks]) + "\r\n"
    # Windows Notepad needs the mark to read UTF-8.
    return text.encode("utf-8-sig")
