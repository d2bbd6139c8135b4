"""What the laboratory system should send otherwise, for each kind of result, and how it is said. Pure."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from app.effective.lines import Finding, Line


class Repair(StrEnum):
    """The one thing to do first."""

    NONE = ""
    ADOPT = "adopt"
    """The catalogue has no such analysis."""
    RETIRED = "retired"
    """The catalogue says that it is no longer run."""
    SEVERAL = "several"
    REPLACE = "replace"
    ADD = "add"
    APPROVE = "approve"
    """No code that counts is approved: nothing to do in the laboratory system before."""
    UNIT = "unit"
    LOCAL_CODE = "local_code"
    """No local code."""


TITLES = {
    Repair.REPLACE: "Autre code que celui approuvé",
    Repair.ADD: "Code LOINC à ajouter",
    Repair.SEVERAL: "Plusieurs codes LOINC",
    Repair.UNIT: "Unité qui contredit le code",
    Repair.LOCAL_CODE: "Sans code local",
    Repair.APPROVE: "Code à faire approuver",
    Repair.ADOPT: "Vu, hors du catalogue",
    Repair.RETIRED: "Retiré, encore émis",
}
"""In the order in which they are shown."""


def repair_of(findings: Collection[Finding]) -> Repair:
    """What is to be done first of results of which this is said."""
    is_settled = Finding.NO_CODE_EXISTS in findings or Finding.OUT_OF_SCOPE in findings
    if is_settled and Finding.LOCAL_ONLY in findings and Finding.RETIRED not in findings:
        # They carry no LOINC code, and biologists approved that they have none to carry.
        return Repair.NONE
    for finding, repair in (
        (Finding.NO_LOCAL_CODE, Repair.LOCAL_CODE),
        (Finding.NOT_IN_CATALOGUE, Repair.ADOPT),
        (Finding.RETIRED, Repair.RETIRED),
        (Finding.NOT_APPROVED, Repair.APPROVE),
        (Finding.SEVERAL_LOINC, Repair.SEVERAL),
        (Finding.LOCAL_ONLY, Repair.ADD),
        (Finding.DIFFERS, Repair.REPLACE),
        (Finding.UNIT_CONTRADICTS, Repair.UNIT),
    ):
        if finding in findings:
            return repair
    return Repair.NONE


def sentence(repair: Repair, line: Line, hides_approved: bool = False) -> str:
    """What to do, in one sentence; `hides_approved` leaves out the codes that biologists approved."""
    if repair is Repair.NONE:
        return ""
    approved = "le code approuvé" if hides_approved or not line.approved else _listed(line.approved)
    sent = _listed([code if code != "?" else "un code mal formé" for code in line.loinc])
    return _SENTENCES[repair](line, sent, approved)


def _listed(codes: Sequence[str]) -> str:
    *first, last = codes or ("",)
    return f"{', '.join(first)} et {last}" if first else last


def _adopt(line: Line, sent: str, _approved: str) -> str:
    if Finding.MASKED in line.findings:
        return (
            "Code local absent du catalogue, et masqué\u202f: il pourrait désigner une personne. Cherchez dans le SGL "
            "quelles analyses ne sont pas dans l’export, ou quel texte libre y tient lieu de code."
        )
    if sent:
        return (
            f"Ajoutez cette analyse à l’export du catalogue\u202f: elle part avec {sent}, que rien n’approuve."
        )
    return "Ajoutez cette analyse à l’export du catalogue\u202f: elle part sans code LOINC."


def _retired(line: Line, _sent: str, _approved: str) -> str:
    return (
        "Le catalogue dit cette analyse retirée, et des résultats en partent encore\u202f: remettez-la au catalogue, "
        "ou fermez-la dans le SGL."
    )


def _approve(line: Line, sent: str, _approved: str) -> str:
    if Finding.NO_CODE_EXISTS in line.findings or Finding.OUT_OF_SCOPE in line.findings:
        return f"Retirez {sent} de cette analyse\u202f: il est approuvé qu’elle n’a pas de code LOINC à porter."
    if Finding.DEPRECATED in line.findings:
        return f"Faites approuver le code qui remplace {sent}, retiré de LOINC, puis portez-le dans le SGL."
    if sent:
        return (
            f"Faites approuver un code pour cette analyse\u202f: le SGL envoie {sent}, et aucun code approuvé n’y "
            "compte."
        )
    return "Faites d’abord approuver un code LOINC pour cette analyse, puis portez-le dans le SGL."


def _local_code(line: Line, sent: str, _approved: str) -> str:
    said = f" ({sent})" if sent else ""
    return (
        f"Faites envoyer le code local avec chaque résultat{said}\u202f: sans lui, rien ne dit de quelle analyse il "
        "est."
    )


_SENTENCES = {
    Repair.ADOPT: _adopt,
    Repair.RETIRED: _retired,
    Repair.SEVERAL: lambda _line, sent, approved: (
        f"N’envoyez que {approved} sur cette analyse\u202f: le SGL en envoie plusieurs ({sent})."
    ),
    Repair.REPLACE: lambda _line, sent, approved: f"Remplacez {sent} par {approved} sur cette analyse.",
    Repair.ADD: lambda _line, _sent, approved: f"Portez {approved} sur cette analyse\u202f: elle part sans code LOINC.",
    Repair.APPROVE: _approve,
    Repair.UNIT: lambda line, sent, _approved: (
        f"Vérifiez l’unité\u202f: {line.unit} contredit {sent}. Corrigez celle du SGL, ou faites revoir le code."
    ),
    Repair.LOCAL_CODE: _local_code,
}
