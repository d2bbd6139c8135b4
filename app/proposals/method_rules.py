"""The rule of a laboratory on codes that differ by their technique only: with one, without, or the national choice."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError, InvalidInputError
from app.models import MethodChoice, MethodRule, Role
from app.platform import locks
from app.platform.identity import LaboratoryAccess
from app.proposals import repository
from loinc_data.tables import load_disciplines

MAY_RULE = (Role.BIOLOGIST,)
CHOICE_WORDS = {
    MethodChoice.NATIONAL: "selon le choix national",
    MethodChoice.WITH: "avec technique",
    MethodChoice.WITHOUT: "sans technique",
}

rules_of = repository.method_rules_of
newest_rule = repository.newest_method_rule


def discipline_names() -> dict[str, str]:
    """Key of each discipline -> its French name, in the order of the table."""
    return {key: name for key, name, _classes in load_disciplines()}


def in_words(discipline: str, choice: str) -> str:
    """A line of the rule as it is read: `Hématologie : avec technique`."""
    return f"{discipline_names().get(discipline, discipline)} : {CHOICE_WORDS[MethodChoice(choice)]}"


def lines_of_rules(session: Session, laboratory_id: int) -> list[str]:
    """The rule of a laboratory in words, where it is not the national choice."""
    rules = rules_of(session, laboratory_id)
    return [in_words(key, rules[key]) for key in discipline_names() if key in rules]


def differing(before: Mapping[str, str] | None, now: Mapping[str, str]) -> list[str]:
    """The names of the disciplines whose rule is not what it was, in the order of the table."""
    known = before or {}
    return [name for key, name in discipline_names().items() if known.get(key) != now.get(key)]


def read_choices(form: Mapping[str, str]) -> dict[str, MethodChoice]:
    """What a form chooses, by discipline; raises InvalidInputError. What it does not name stays as it is."""
    names = discipline_names()
    chosen: dict[str, MethodChoice] = {}
    for key, word in form.items():
        if key not in names:
            raise InvalidInputError(f"La discipline « {key[:40]} » est inconnue.")
        if word not in set(MethodChoice):
            raise InvalidInputError(f"{names[key]} : le choix « {word[:40]} » est inconnu.")
        chosen[key] = MethodChoice(word)
    return chosen


def set_rules(session: Session, access: LaboratoryAccess, wanted: Mapping[str, MethodChoice], seen: int) -> int:
    """Decide for some disciplines: a biologist does; how many changed. What held before stays in the history.

    `seen` is the last change that the person saw: another one made since is shown to her first (ConflictError).
    """
    access.require(*MAY_RULE)
    locks.lock_laboratory(session, access.laboratory_id)
    if newest_rule(session, access.laboratory_id) != seen:
        raise ConflictError(
            "La règle a été changée entre-temps par quelqu'un d'autre. Rien n'a été enregistré : regardez la règle "
            "telle qu'elle est maintenant, puis choisissez de nouveau."
        )
    before = rules_of(session, access.laboratory_id)
    changed = {key: choice for key, choice in wanted.items() if before.get(key, MethodChoice.NATIONAL) != choice}
    if not changed:
        return 0
    values: dict[str, Any] = {"laboratory_id": access.laboratory_id, "author_id": access.user_id}
    for key, choice in changed.items():
        session.add(MethodRule(discipline=key, choice=choice, **values))
        session.flush()
    record(
        session,
        "laboratory.set_method_rules",
        actor=access.user,
        object_type="laboratory",
        object_id=access.laboratory_id,
        laboratory_id=access.laboratory_id,
        before=[in_words(key, before.get(key, MethodChoice.NATIONAL)) for key in changed],
        after=[in_words(key, choice) for key, choice in changed.items()],
    )
    return len(changed)
