"""The French of the warnings."""

from collections.abc import Sequence
from itertools import combinations

from app.consistency.found_sql import Found
from app.consistency.repository import Member
from app.models import ConsistencyKind, Level
from app.transcoding.opposed_words import FAMILY_WORDS, opposition
from app.web.wording import Word

KIND = {
    ConsistencyKind.OPPOSED: Word("Mots qui s’excluent", "chip-bad", "✘"),
    ConsistencyKind.LOCAL_CODE: Word("Un code local, deux codes LOINC", "chip-bad", "✘"),
    ConsistencyKind.PANEL: Word("Code d’ensemble sur une analyse", "chip-warn", "⚠"),
    ConsistencyKind.ORDER: Word("Code de prescription sur un résultat", "chip-warn", "⚠"),
    ConsistencyKind.LABEL: Word("Un libellé, deux codes LOINC", "chip-warn", "⚠"),
    ConsistencyKind.NAMES: Word("Un code, plusieurs noms", "chip-warn", "⚠"),
}
WORD = {
    ConsistencyKind.OPPOSED: "opposes",
    ConsistencyKind.LOCAL_CODE: "code-local",
    ConsistencyKind.PANEL: "ensemble",
    ConsistencyKind.ORDER: "prescription",
    ConsistencyKind.LABEL: "libelle",
    ConsistencyKind.NAMES: "noms",
}
"""The word of the address."""
KIND_OF_WORD = {word: kind for kind, word in WORD.items()}
ROWS = {Level.ANALYSIS: ("analyse", "analyses"), Level.EXAM: ("examen", "examens")}


def rows_of(level: str, count: int) -> str:
    """« 3 analyses »."""
    one, many = ROWS[Level(level)]
    return f"{count} {many if count > 1 else one}"


def opposition_in(members: Sequence[Member]) -> str:
    """What two of these rows say differently, in words; empty when none of those shown does."""
    found = (opposition(one.opposed, other.opposed) for one, other in combinations(members, 2))
    number = next((number for number in found if number is not None), None)
    return "" if number is None else FAMILY_WORDS[number]


def sentence_of(found: Found, members: Sequence[Member]) -> str:
    """What is odd, in a sentence."""
    rows = rows_of(found.level, found.rows)
    if found.kind is ConsistencyKind.OPPOSED:
        about = opposition_in(members) or "des choses qui s’excluent"
        return f"{found.number} est donné à {rows} dont les mots disent {about}."
    if found.kind is ConsistencyKind.LOCAL_CODE:
        return f"Le code local « {found.local_code} » a {found.variants} codes LOINC, sur {rows}."
    if found.kind is ConsistencyKind.PANEL:
        return f"{found.number} est le code d’un ensemble (panel), et il est donné à {rows}."
    if found.kind is ConsistencyKind.ORDER:
        return f"{found.number} ne sert qu’à prescrire, et il est donné à {rows} qui ont un résultat."
    if found.kind is ConsistencyKind.LABEL:
        return f"{rows} disent la même chose en tout, et ont {found.variants} codes LOINC différents."
    return f"{found.number} est donné à {rows} qui portent {found.variants} noms différents."


def summary_of(members: Sequence[Member], most: int = 500) -> str:
    """Codes and names, for the history of an answer and for the export."""
    text = " · ".join(f"{member.loinc_num} ← {member.code} {member.label}".strip() for member in members)
    return text if len(text) <= most else f"{text[: most - 1]}…"
