"""Codes that a chapter or an exam cannot have: outside the list of chapters, of nothing that the exam holds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.models import LoincTerm
from app.text import counted

NAMED = 3
"""How many codes or analyses a sentence names."""


@dataclass(frozen=True, slots=True)
class HeldAnalysis:
    """An analysis of an exam, and the codes that are known of it."""

    name: str
    codes: tuple[str, ...]
    """The decided one, else those proposed, best first; empty when nothing tells."""
    components: frozenset[str]
    """What these codes measure, see `measured`."""
    is_decided: bool


def measured(component: str) -> str:
    """A LOINC component without its challenge: « Glucose^post CFst » measures glucose."""
    return component.partition("^")[0].strip()


def is_set(term: LoincTerm) -> bool:
    """Whether the code is one of a set of tests: what LOINC says of its content is never complete."""
    return term.class_name.startswith("PANEL") or term.scale_typ in ("-", "Set")


def outside_chapters(loinc_num: str, chapters: Mapping[str, str]) -> str:
    """Why this code is none of a chapter, `chapters` being code -> name of those that are; empty when it is one."""
    if not chapters or loinc_num in chapters:
        return ""
    named = ", ".join(f"{number} {name}" for number, name in list(chapters.items())[:NAMED])
    more = f"{len(chapters)} codes, dont {named}" if len(chapters) > NAMED else named
    return f"{loinc_num} n'est pas dans la liste des codes de chapitre ({more})."


def outside_exam(term: LoincTerm, analyses: Sequence[HeldAnalysis], is_named: bool) -> str:
    """Why this code is none of an exam of these analyses; empty when it may be, or when nothing tells.

    `is_named`: the label of the exam names what the code measures, as « anticorps anti-ENA » does above each of them.
    """
    known = [analysis for analysis in analyses if analysis.codes]
    if not known or is_set(term) or any(term.loinc_num in analysis.codes for analysis in known):
        return ""
    if term.order_obs != "Observation" and any(measured(term.component) in item.components for item in known):
        return ""
    is_alone = len(analyses) == 1
    if not is_alone and (term.order_obs == "Order" or (is_named and term.order_obs != "Observation")):
        return ""
    named = ", ".join(_named(analysis) for analysis in known[:NAMED])
    more = f" et {counted(len(known) - NAMED, 'autre', 'autres')}" if len(known) > NAMED else ""
    if is_alone:
        return (
            f"{term.loinc_num} n'est ni le code de l'analyse de cet examen, ni une prescription du même composant : "
            f"{named}."
        )
    return f"{term.loinc_num} n'est ni un ensemble, ni le code d'une des analyses de cet examen : {named}{more}."


def _named(analysis: HeldAnalysis) -> str:
    said = analysis.codes[0] if analysis.is_decided else f"proposé : {analysis.codes[0]}"
    return f"{analysis.name} ({said})"
