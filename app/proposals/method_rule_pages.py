"""The page of a laboratory's rule on techniques: what holds in each discipline, and what was searched otherwise."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.models import CONTRIBUTORS, MethodChoice
from app.platform.identity import LaboratoryAccess
from app.proposals import repository
from app.proposals.method_rules import CHOICE_WORDS, MAY_RULE, differing, discipline_names, newest_rule, rules_of
from app.proposals.service import JOB_KIND
from app.text import counted
from app.web.templating import PageContext

CHOICES = [(choice.value, words[0].upper() + words[1:]) for choice, words in CHOICE_WORDS.items()]


CHANGES_SHOWN = 50
"""The last changes of the rule that its page shows; all of them are in the audit trail."""


def address_of(laboratory_id: int) -> str:
    """The page of the rule of a laboratory."""
    return f"/laboratoires/{laboratory_id}/techniques"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisciplineLine:
    """What holds in a discipline."""

    key: str
    name: str
    choice: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A line of the history."""

    at: datetime
    author: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherwiseSearched:
    """A catalogue whose proposals were searched with another rule."""

    id: int
    name: str
    searched_at: datetime
    disciplines: str
    """Those whose rule was another one then."""
    job_id: int
    """The search of it that waits or runs, 0 when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRulesPage(PageContext):
    """The rule of a laboratory on techniques."""

    laboratory_id: int
    laboratory_name: str
    address: str
    may_rule: bool
    may_search: bool
    disciplines: list[DisciplineLine]
    choices: list[tuple[str, str]]
    seen: int
    """The last change that this page shows."""
    searched: int
    """How many catalogues show proposals."""
    otherwise: list[OtherwiseSearched]
    history: list[RuleChange]
    """The last changes, the newest first."""
    has_older: bool
    """Whether the rule changed before those too."""
    notice: str = ""
    problem: str = ""


def method_rules_page(
    session: Session, access: LaboratoryAccess, changed: int | None = None, problem: str = ""
) -> MethodRulesPage:
    """The page; `changed` says for how many disciplines the rule was just changed."""
    rules = rules_of(session, access.laboratory_id)
    names = discipline_names()
    runs = repository.shown_runs(session, access.laboratory_id)
    under_way = repository.searches_under_way(session, access.laboratory_id, JOB_KIND)
    changes = repository.method_rule_history(session, access.laboratory_id, CHANGES_SHOWN + 1)
    otherwise = [
        OtherwiseSearched(
            id=catalogue.id or 0,
            name=catalogue.name,
            searched_at=run.finished_at or run.started_at,
            disciplines=", ".join(other),
            job_id=under_way.get(catalogue.id or 0, 0),
        )
        for catalogue, run in runs
        if (other := differing(run.method_rules, rules))
    ]
    return MethodRulesPage(
        title="Codes avec ou sans technique",
        laboratory_id=access.laboratory_id,
        laboratory_name=access.laboratory.name,
        address=address_of(access.laboratory_id),
        may_rule=access.role in MAY_RULE,
        may_search=access.role in CONTRIBUTORS,
        disciplines=[_line(key, name, rules.get(key, MethodChoice.NATIONAL)) for key, name in names.items()],
        choices=CHOICES,
        seen=newest_rule(session, access.laboratory_id),
        searched=len(runs),
        otherwise=otherwise,
        history=[
            RuleChange(
                at=fact.created_at,
                author=author,
                name=names.get(fact.discipline, fact.discipline),
                words=CHOICE_WORDS[MethodChoice(fact.choice)],
            )
            for fact, author in changes[:CHANGES_SHOWN]
        ],
        has_older=len(changes) > CHANGES_SHOWN,
        notice=_notice(changed),
        problem=problem,
    )


def _line(key: str, name: str, choice: str) -> DisciplineLine:
    return DisciplineLine(key=key, name=name, choice=choice, words=CHOICE_WORDS[MethodChoice(choice)])


def _notice(changed: int | None) -> str:
    if changed is None:
        return ""
    if not changed:
        return "Rien n'a changé : la règle était déjà celle-ci."
    said = counted(changed, "discipline", "disciplines")
    return f"La règle est changée pour {said}. Elle vaudra dès la prochaine recherche de chaque catalogue."
