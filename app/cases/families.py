"""Siblings among the columns of a case: codes that differ by method or precision only stand side by side, named."""

from collections.abc import Callable, Mapping, Sequence

from app.cases.choice_words import as_matched
from app.cases.glosses import SYSTEM_GLOSS
from app.cases.method_glosses import METHOD_GLOSS
from app.cases.view import CandidateColumn, FamilyHead
from app.models import LoincTerm
from matcher.families import family_key

_AXES: tuple[tuple[str, str, Callable[[LoincTerm], str]], ...] = (
    ("la technique", "sans technique", lambda term: METHOD_GLOSS.get(term.method_typ, term.method_typ)),
    ("le milieu", "", lambda term: SYSTEM_GLOSS.get(term.system, term.system)),
    ("le nom LOINC de la substance", "", lambda term: term.component),
)
"""What siblings may differ by: how it is called, what its absence is called, what a code says of it."""


def side_by_side(
    columns: Sequence[CandidateColumn], terms: Mapping[str, LoincTerm]
) -> tuple[list[CandidateColumn], list[FamilyHead]]:
    """The columns with siblings together where the first of them stood, and what stands above each group.

    Nothing else changes: each keeps its digit, its rank and its confidence. A code that the release does not hold has
    no sibling.
    """
    groups: dict[tuple[str, ...], list[CandidateColumn]] = {}
    for column in columns:
        term = terms.get(column.loinc_num)
        # A code alone is a group of its own: by its number, which no family is called.
        key = family_key(as_matched(term)) if term is not None else (column.loinc_num,)
        groups.setdefault(key, []).append(column)
    heads = [
        FamilyHead(len(group), _difference([terms[column.loinc_num] for column in group]) if len(group) > 1 else "")
        for group in groups.values()
    ]
    return [column for group in groups.values() for column in group], heads


def _difference(terms: Sequence[LoincTerm]) -> str:
    """What siblings differ by: `seule la technique diffère : comptage automatisé / sans technique`."""
    told = []
    for name, absent, said in _AXES:
        values = list(dict.fromkeys(said(term) or absent for term in terms))
        if len(values) > 1:
            told.append((name, " / ".join(values)))
    if not told:
        return "Même analyse : ces codes se distinguent par leur nom."
    if len(told) == 1:
        only = "seul" if told[0][0].startswith("le ") else "seule"
        return f"Même analyse, {only} {told[0][0]} diffère : {told[0][1]}."
    parts = " ; ".join(f"{name} ({values})" for name, values in told)
    return f"Même analyse, à la précision près : {parts}."
