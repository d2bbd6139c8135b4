"""The French of versions and signatures."""

from collections.abc import Sequence
from datetime import datetime

from app.models import Outcome, Proof, Relation
from app.text import counted, paris_day
from app.versions.canonical import APPROVED, CanonicalRow
from app.versions.schemas import Signature
from app.web.wording import RELATION_SHORT

DRAFT = "PROJET"
NO_CHAPTER = "Sans chapitre"
NEVER_SIGNED = f"{DRAFT} : aucune version signée"
PROOFS = {
    Proof.PASSWORD: "mot de passe",
    Proof.SECOND_FACTOR: "second facteur",
    Proof.KEY: "clé de sécurité",
    Proof.PROVIDER: "fournisseur d’identité",
}
_NAMES = 3
AND_OTHERS = " et d’autres"
"""What follows the names of a version that more than `_NAMES` people signed."""


def chapter_title(name: str) -> str:
    """A chapter as a reader sees it."""
    return name or NO_CHAPTER


def signed_label(number: int, signatures: Sequence[Signature]) -> str:
    """« Version 3, signée le 28/11/2026 par … »."""
    names = list(dict.fromkeys(signature.signer_name for signature in signatures))
    said = ", ".join(names[:_NAMES]) if len(names) <= _NAMES else ", ".join(names[:_NAMES]) + AND_OTHERS
    last = max(signature.signed_at for signature in signatures)
    return f"Version {number}, signée le {paris_day(last)} par {said}"


def partly_signed(number: int, signed: int, chapters: int) -> str:
    """Some chapters of a version were signed."""
    of_them = f"{signed} sur {counted(chapters, 'chapitre', 'chapitres')}"
    return f"{DRAFT} : version {number} signée en partie ({of_them})"


def changed_since(number: int) -> str:
    """The mapping is no more what was signed."""
    return f"{DRAFT} : modifiée depuis la version {number}"


def day_of_version(number: int) -> str:
    """The state of the day, when nobody changed what was signed."""
    return f"{DRAFT} : état du jour, rien d’approuvé n’a changé depuis la version {number}"


def withdrawn_label(number: int) -> str:
    """Every signature of the last version was withdrawn."""
    return f"{DRAFT} : la signature de la version {number} a été retirée"


def sentence_of(
    *, name: str, title: str, rpps: str, version: int, catalogue: str, laboratory: str, finess: Sequence[str],
    chapters: Sequence[str] | None, approved: int, rows: int, release: str, sha256: str,
) -> str:  # fmt: skip
    """What is signed, to the letter; `chapters` None when all that can be signed are."""
    which = (
        "pour tous ses chapitres où une ligne au moins est approuvée"
        if chapters is None
        else f"pour {'le chapitre' if len(chapters) == 1 else 'les chapitres'} {quoted(chapters)}"
    )
    left = rows - approved
    others = (
        " Aucune autre ligne n’y figure."
        if not left
        else f" {counted(left, 'ligne', 'lignes')} de ces chapitres, non approuvée{'s' if left > 1 else ''}, "
        f"{'n’est pas couverte' if left == 1 else 'ne sont pas couvertes'} par cette signature."
    )
    said = (
        f"Je soussigné(e) {name}, {title}, RPPS {rpps}, ai relu et valide la version {version} des codes LOINC du "
        f"catalogue « {catalogue} » du laboratoire {laboratory} ({', '.join(finess)}), {which} : "
        f"{counted(approved, 'ligne approuvée', 'lignes approuvées')} (analyses, examens et chapitres), d’après "
        f"{release}.{others} "
        f"Empreinte SHA-256 du contenu validé : {sha256}."
    )
    # A line is never broken inside guillemets.
    return said.replace("« ", "«\u00a0").replace(" »", "\u00a0»")


def quoted(chapters: Sequence[str]) -> str:
    """Names of chapters in a sentence."""
    return ", ".join(f"« {chapter_title(name)} »" for name in chapters)


def unsettled_warning(count: int) -> tuple[str, ...]:
    """Approved rows whose two readings differ; nothing when there are none."""
    if not count:
        return ()
    rows = counted(count, "ligne approuvée n’est pas couverte", "lignes approuvées ne sont pas couvertes")
    return (f"{rows} : deux lectures y diffèrent, et ne sont pas encore conciliées.",)


def left_out(since: int) -> str:
    """How much changed since a sign-off."""
    if not since:
        return "rien n’a changé depuis."
    changes = counted(since, "changement fait depuis n’y est pas", "changements faits depuis n’y sont pas")
    return f"{changes} (décisions, nouveaux exports)."


FIELD_LABELS = {
    "label": "libellé",
    "chapter": "chapitre",
    "specimen": "milieu",
    "unit": "unité",
    "technique": "technique",
    "relation": "relation",
    "reason": "motif",
    "justification": "justification",
    "approved_at": "approuvée le",
}
"""Of a canonical row, what is told when it differs beside the answer itself."""


def answer_of(row: CanonicalRow | None) -> str:
    """What was approved for a row, in a few words."""
    if row is None:
        return "—"
    if row.status != APPROVED:
        return "non approuvée"
    if row.outcome == Outcome.NO_LOINC:
        return "aucun code LOINC"
    if row.outcome == Outcome.OUT_OF_SCOPE:
        return "hors périmètre"
    return row.loinc_num


def relation_word(relation: str) -> str:
    """How the LOINC code stands to the test; the word itself when this version does not know it."""
    return RELATION_SHORT[Relation(relation)] if relation in list(Relation) else relation


def moment_of(text: str) -> datetime:
    """A moment as a canonical row holds it."""
    return datetime.fromisoformat(text)
