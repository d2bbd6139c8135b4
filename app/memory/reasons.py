"""Why a row of earlier work is not taken up, as it is counted and told: « 1 ligne dite », « 2 lignes dites »."""

from enum import StrEnum
from typing import Self

from app.text import counted


class Reason(StrEnum):
    """A reason, as it is said of several rows; `one` says it of one."""

    one: str

    def __new__(cls, many: str, one: str = "") -> Self:
        """`one` where the words change."""
        item = str.__new__(cls, many)
        item._value_ = many
        item.one = one or many
        return item

    def of(self, count: int) -> str:
        """The reason as it is said of so many rows."""
        return self.one if count < 2 else self.value

    def told(self, count: int) -> str:
        """The rows and the reason: « 4 lignes au code LOINC mal formé »."""
        return counted(count, f"ligne {self.one}", f"lignes {self.value}")

    OTHER_TARGET = "vers un autre système que LOINC"
    NO_MATCH = "déclarées sans correspondance", "déclarée sans correspondance"
    NO_TARGET = "sans code cible"
    OUT_OF_SCOPE = "dites hors périmètre", "dite hors périmètre"
    INVALID = "au code LOINC mal formé"
    NOT_OF_LOINC = "au code absent de la version de LOINC utilisée, qui est entière"
    INVALID_OR_LOST = "au code LOINC mal formé ou introuvable"
    NO_LOCAL_CODE = "sans code ni libellé local"
    NOT_APPROVED = (
        "que personne n'a encore regardées dans Usagi", "que personne n'a encore regardée dans Usagi"
    )  # fmt: skip
    AUTOMATIC = "proposées par un programme, sans personne", "proposée par un programme, sans personne"
    SILENT = "sans code LOINC ni mention"
    NOT_DONE = (
        "vides ou encore à transcoder d'après le fichier (NULL, « à faire »…)",
        "vide ou encore à transcoder d'après le fichier (NULL, « à faire »…)",
    )
    SEVERAL = "à plusieurs codes LOINC dans une cellule"
    DATE = "dont le code est devenu une date"
    REJECTED = "à statut rejeté"
    TO_REVIEW = "à statut « à revoir » ou non validé"
