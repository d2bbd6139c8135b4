"""Composing definitions of coverage from their closed vocabulary, and withdrawing them: facts, for every laboratory."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.coverage.composed import MOST, Composed, all_composed, definition_of
from app.coverage.definitions import Definition, ExamRule, Measure, choices_of
from app.coverage.judging import DeprecatedRule, ReleaseRule, Statuses
from app.coverage.wording import name_of, scope_of, sentence_of, vocabulary_of
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import CoverageDefinition, Level, User
from app.platform import locks
from app.web.templating import PageContext

TITLE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that is chosen, and the values that it may have: (value in the form, French)."""

    name: str
    label: str
    values: tuple[tuple[str, str], ...]


VOCABULARY = (
    Choice("unite", "Ce qui est compté", (
        ("analyses", "les analyses"),
        ("examens_code", "les examens, par leur propre code"),
        ("examens_analyses", "les examens, par leurs analyses"),
    )),
    Choice("poids", "Poids d'une ligne", (
        ("lignes", "une ligne vaut un"), ("volume", "son volume annuel, s'il est connu"),
    )),
    Choice("soustraitance", "Lignes sous-traitées", (("oui", "comprises"), ("non", "laissées de côté"))),
    Choice("arret", "Lignes que le laboratoire ne fait plus", (("non", "laissées de côté"), ("oui", "comptées"))),
    Choice("circuit", "Liste Circuit de la biologie", (("non", "non exigée"), ("oui", "exigée"))),
    Choice("hors_perimetre", "Lignes hors périmètre", (
        ("oui", "sortent du dénominateur"), ("non", "restent au dénominateur"),
    )),
    Choice("sans_code", "Lignes sans code LOINC existant", (
        ("non", "restent au dénominateur"), ("oui", "sortent du dénominateur"),
    )),
    Choice("statuts", "Ce qui fait foi", (
        ("approved", "l'approbation d'un biologiste"), ("decided", "la décision, même non approuvée (indicatif)"),
    )),
    Choice("version", "Version de LOINC", (
        ("in_service", "celle en service"), ("of_decision", "celle où le code a été choisi"),
    )),
    Choice("retires", "Codes retirés de LOINC", (
        ("until_grace", "comptent jusqu'à la date limite"), ("never", "ne comptent jamais"),
        ("always", "comptent toujours"),
    )),
)  # fmt: skip
"""The closed vocabulary; the first value of each choice is that of the default."""
_UNITS = {
    "analyses": (Level.ANALYSIS, ExamRule.OWN_CODE),
    "examens_code": (Level.EXAM, ExamRule.OWN_CODE),
    "examens_analyses": (Level.EXAM, ExamRule.ALL_ANALYSES),
}
_MEASURES = {"lignes": Measure.ROWS, "volume": Measure.VOLUME}


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionLine:
    """A definition as the page shows it."""

    id: int
    name: str
    sentence: str
    vocabulary: tuple[tuple[str, str], ...]
    author: str = ""
    composed_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionsPage(PageContext):
    """The definitions of the installation, and the form that composes one."""

    default: DefinitionLine
    in_service: list[DefinitionLine]
    withdrawn: list[DefinitionLine]
    choices: tuple[Choice, ...] = VOCABULARY
    most: int = MOST
    chosen: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    notice: str = ""
    problem: str = ""


def definitions_page(
    session: Session, *, chosen: Mapping[str, str] | None = None, name: str = "", notice: str = "", problem: str = ""
) -> DefinitionsPage:
    """Every definition, those in service first."""
    found = all_composed(session)
    return DefinitionsPage(
        title="Définitions de la couverture",
        default=_line(Composed(0, Definition(), "", datetime.min)),
        in_service=[_line(item) for item in found if item.withdrawn_at is None],
        withdrawn=[_line(item) for item in reversed(found) if item.withdrawn_at is not None],
        chosen=chosen or {},
        name=name,
        notice=notice,
        problem=problem,
    )


def _line(item: Composed) -> DefinitionLine:
    return DefinitionLine(
        id=item.id,
        name=name_of(item.definition),
        sentence=sentence_of(item.definition),
        vocabulary=tuple(vocabulary_of(item.definition)),
        author=item.author,
        composed_at=item.created_at if item.id else None,
        withdrawn_by=item.withdrawn_by,
        withdrawn_at=item.withdrawn_at,
    )


def read_choices(form: Mapping[str, str]) -> dict[str, str]:
    """One value of each choice, the default where the form is silent; raises InvalidInputError for any other word."""
    chosen = {}
    for choice in VOCABULARY:
        value = form.get(choice.name) or choice.values[0][0]
        if value not in {known for known, _ in choice.values}:
            raise InvalidInputError(f"{choice.label}\u202f: le choix «\u202f{value[:40]}\u202f» est inconnu.")
        chosen[choice.name] = value
    return chosen


def compose(session: Session, title: str, chosen: Mapping[str, str], actor: User) -> CoverageDefinition:
    """Compose a definition; it is on every page and document from now on. Raises InvalidInputError, ConflictError."""
    title = " ".join(title.split())
    if not 3 <= len(title) <= TITLE_LENGTH:
        raise InvalidInputError(f"Le nom de la définition doit compter de 3 à {TITLE_LENGTH} caractères.")
    _require_honest(title)
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    level, exam_rule = _UNITS[chosen["unite"]]
    assert actor.id is not None
    fact = CoverageDefinition(
        title=title,
        level=level,
        measure=_MEASURES[chosen["poids"]],
        exam_rule=exam_rule,
        with_subcontracted=chosen["soustraitance"] == "oui",
        with_retired=chosen["arret"] == "oui",
        circuit_only=chosen["circuit"] == "oui",
        out_of_scope_leaves=chosen["hors_perimetre"] == "oui",
        no_code_leaves=chosen["sans_code"] == "oui",
        statuses=Statuses(chosen["statuts"]),
        releases=ReleaseRule(chosen["version"]),
        deprecated=DeprecatedRule(chosen["retires"]),
        author_id=actor.id,
    )
    known = [item for item in all_composed(session) if item.withdrawn_at is None]
    _require_new(fact, known)
    session.add(fact)
    session.flush()
    record(
        session, "coverage.compose", actor=actor, object_type="coverage_definition", object_id=fact.id,
        title=title, definition=sentence_of(definition_of(fact)),
    )  # fmt: skip
    return fact


def _folded(text: str) -> str:
    """The letters and digits of a text, whatever their case, accents and width."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    return "".join(sign for sign in parts if sign.isalnum())


_OURS = frozenset(
    _folded(name)
    for level, rule in _UNITS.values()
    for measure in Measure
    for side in (True, False)
    for found in [Definition(level, measure, side, rule)]
    for name in (name_of(found), f"{name_of(found)}, {scope_of(found)}")
)
"""Names of the definitions that are on every document: another figure under one of them would be taken for it."""
_CLAIMS = ("certifie", "reference", "officiel")


def _require_honest(title: str) -> None:
    """Refuse a name that would make a composed figure pass for one of ours, or for what nobody granted."""
    folded = _folded(title)
    if folded in _OURS:
        raise ConflictError(
            f"«\u202f{title}\u202f» est le nom d'une définition qui est sur chaque document\u202f: donnez-en un autre."
        )
    if any(_folded(word).startswith(_CLAIMS) for word in re.split(r"[\W_]+", title)):
        raise InvalidInputError(
            "Le nom d'une définition ne dit pas «\u202fcertifié\u202f», «\u202fréférencé\u202f» ni "
            "«\u202fofficiel\u202f»\u202f: aucun de ces chiffres ne l'est."
        )


def _require_new(fact: CoverageDefinition, known: list[Composed]) -> None:
    if len(known) >= MOST:
        raise ConflictError(f"{MOST} définitions composées sont en service\u202f: retirez-en une d'abord.")
    choices = choices_of(definition_of(fact))
    if choices == choices_of(Definition()):
        raise ConflictError("Ces choix sont ceux de la définition par défaut, qui est déjà sur chaque document.")
    for item in known:
        if item.definition.title.casefold() == fact.title.casefold():
            raise ConflictError(f"Une définition en service s'appelle déjà «\u202f{item.definition.title}\u202f».")
        if choices_of(item.definition) == choices:
            raise ConflictError(f"La définition «\u202f{item.definition.title}\u202f» fait déjà ces choix.")


def withdraw(session: Session, definition_id: int, actor: User) -> None:
    """Take a composed definition out of service, by a new fact. Raises NotFoundError, ConflictError."""
    locks.lock_subject(session, locks.Subject.INSTALLATION)
    found = next((item for item in all_composed(session) if item.id == definition_id), None)
    if found is None:
        raise NotFoundError("Cette définition n'existe pas.")
    if found.withdrawn_at is not None:
        raise ConflictError("Cette définition est déjà retirée.")
    assert actor.id is not None
    values: dict[str, Any] = choices_of(Definition())
    session.add(CoverageDefinition(withdraws_id=definition_id, author_id=actor.id, **values))
    session.flush()
    record(
        session, "coverage.withdraw", actor=actor, object_type="coverage_definition", object_id=definition_id,
        title=found.definition.title,
    )  # fmt: skip
