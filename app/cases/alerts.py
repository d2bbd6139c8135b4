"""What keeps a row from being approved with others: one alert, of any kind, and it is opened and approved alone.

One definition for the server that refuses, the lists that tick, and the pages that say why. Pure: what it needs is
gathered beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.models import Action, Decision, Outcome, Relation
from app.text import is_written
from app.transcoding.check_words import Check
from app.transcoding.evidence import EvidenceLine
from app.transcoding.facts import choice_in_force, flag_on
from app.transcoding.readings import READING, ReadingStanding
from app.web.wording import BAND, OUTCOME, RELATION_SHORT
from matcher.types import Band, Verdict

QUOTED = 160
"""Characters of what a person wrote that an alert repeats."""
OF_READINGS = frozenset({ReadingStanding.DISAGREED, ReadingStanding.RECONCILED})


class Proposed(Protocol):
    """A row of the queue: what was decided, and what the engine proposes first."""

    outcome: str
    best_loinc: str
    band: str
    task: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a biologist sees with the whole case before her eyes."""

    code: str
    """That of the check, or one of this module."""
    sentence: str


def alerts_of(
    row: Proposed,
    facts: Sequence[Decision],
    checks: Sequence[Check],
    lines: Sequence[EvidenceLine],
    reading: ReadingStanding | None,
) -> list[Alert]:
    """Every alert of a decided row, once each; none means none of any kind.

    `checks` are those of the decision as things stand now, justified or not; `lines` the evidence of its code.
    """
    found = [Alert(check.code, check.sentence) for check in checks]
    said = {alert.sentence for alert in found}
    found += [
        Alert("contradiction", line.sentence or "Un axe contredit le code.")
        for line in lines
        if line.verdict is Verdict.CONTRADICT and not any(line.sentence and line.sentence in text for text in said)
    ]
    has_no_code = row.outcome in (Outcome.NO_LOINC, Outcome.OUT_OF_SCOPE)
    if has_no_code and row.best_loinc and "sure_proposal" not in codes(found):
        band = f" ({BAND[Band(row.band)].text.lower()})" if row.band else ""
        word = OUTCOME[Outcome(row.outcome)].text
        found.append(Alert("against_proposal", f"« {word} » alors qu’un code est proposé : {row.best_loinc}{band}."))
    if row.task == "1":
        found.append(Alert("task", "Une nouvelle version de LOINC demande de revoir cette décision."))
    found += _of_facts(facts)
    if reading in OF_READINGS:
        found.append(Alert("readings", f"{READING[reading].text}." if reading else ""))
    return list({alert.sentence: alert for alert in found}.values())


def codes(alerts: Sequence[Alert]) -> set[str]:
    """The kinds of these alerts."""
    return {alert.code for alert in alerts}


def _of_facts(facts: Sequence[Decision]) -> list[Alert]:
    """What people said of the row that asks for a look: relation, justification, doubt, sending back, flag."""
    found = []
    choice = choice_in_force(facts)
    if choice is not None and choice.relation and choice.relation != Relation.EQUIVALENT:
        found.append(Alert("relation", f"Relation : {RELATION_SHORT[Relation(choice.relation)]}."))
    if choice is not None and is_written(choice.justification):
        found.append(Alert("justified", f"Décidée avec une justification : « {_quoted(choice.justification)} »."))
    undone = {fact.undoes_id for fact in facts if fact.undoes_id is not None}
    for fact in facts:
        if fact.action == Action.DOUBT and fact.id not in undone:
            found.append(Alert("doubt", f"Un doute a été posé : « {_quoted(fact.reason)} »."))
        elif fact.action == Action.SEND_BACK and fact.id not in undone:
            found.append(Alert("sent_back", f"Elle avait été renvoyée : « {_quoted(fact.reason)} »."))
    flag = flag_on(facts)
    if flag is not None:
        note = f" : « {_quoted(flag.reason)} »" if is_written(flag.reason) else ""
        found.append(Alert("flag", f"Un repère est posé{note}."))
    return found


def _quoted(text: str) -> str:
    said = " ".join(text.split())
    return said if len(said) <= QUOTED else f"{said[: QUOTED - 1]}…"
