"""What must hold between the facts of a pack before anything is computed from them. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from app.claims.past_facts import moment_of
from app.claims.reading_facts import Facts, FactsError, Row
from app.claims.tables import NO, YES
from app.text import paris_day
from app.versions.wording import (
    AND_OTHERS,
    NEVER_SIGNED,
    changed_since,
    day_of_version,
    partly_signed,
    withdrawn_label,
)

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_WHOLE = re.compile(r"[0-9]{1,9}")
_LEVELS = {"analysis", "exam", "chapter", "subchapter"}
STATE_NAMES = (
    "format", "laboratory", "laboratory_id", "finess", "sgl", "catalogue", "catalogue_id", "stated_at",
    "first_received_at", "is_signed", "version_number", "version_label", "release_title", "release_version",
    "circuit_version", "counted_as_transcoded", "content_sha256", "chain_head",
)  # fmt: skip
"""What the state of every pack says, in this order; what is absent or to be known of the exports follows."""
_MOMENTS = {"decisions": ("at",), "changes": ("at",), "reconciliations": ("at",), "grace": ("at",)}


def check_facts(facts: Facts, form: str) -> None:
    """Raise FactsError at the first thing that no workbench writes; `form` is the format of the pack."""
    if tuple(facts.state)[: len(STATE_NAMES)] != STATE_NAMES:
        raise FactsError("faits/state.csv : ce n'est pas l'état d'un dossier de preuve")
    if facts.state["format"] != form:
        raise FactsError(f"faits/state.csv : format « {facts.state['format'][:40]} » au lieu de « {form} »")
    now = _moment(facts.state["stated_at"], "faits/state.csv", "")
    _moment(facts.state["first_received_at"], "faits/state.csv", now)
    _among("faits/state.csv", facts.state["is_signed"], {YES, NO})
    _check_rows(facts)
    for table, names in _MOMENTS.items():
        for number, line in _numbered(getattr(facts, table)):
            for name in names:
                _moment(line[name], f"faits/{table}.csv, ligne {number}", now)
    _check_decisions(facts)
    _check_readings(facts, now)
    _check_terminology(facts, now)
    _check_definitions(facts)
    _check_signatures(facts, now)
    if facts.state["version_label"] not in _labels(facts):
        said = "n'est pas marqué PROJET comme" if facts.state["is_signed"] == NO else "ne dit pas sa version comme"
        raise FactsError(f"faits/state.csv : le dossier {said} l'atelier le fait d'après ces signatures")


def _labels(facts: Facts) -> set[str]:
    """What the workbench may say of such a state, to the letter."""
    label, number = facts.state["version_label"], facts.state["version_number"]
    if not _WHOLE.fullmatch(number):
        raise FactsError(f"faits/state.csv : « {number[:40]} » n'est pas un numéro de version")
    version = int(number)
    if facts.state["is_signed"] == YES:
        held = [line for line in facts.signatures if not line["withdrawn_at"]]
        start = f"Version {version}, signée le {paris_day(moment_of(held[-1]['signed_at']))} par "
        # A version is by those of its signatures that still hold, in their order; past some, they are not all named.
        names = "".join(f"(?:{re.escape(line['name'])}, )?" for line in held)
        by = label.removeprefix(start).removesuffix(AND_OTHERS)
        return {start + by, start + by + AND_OTHERS} if re.fullmatch(names, f"{by}, ") else set()
    if not facts.signatures:
        return {NEVER_SIGNED}
    found = {changed_since(version), day_of_version(version), withdrawn_label(version)}
    share = re.search(r"\(([0-9]{1,6}) sur ([0-9]{1,6})", label)
    if share:
        found.add(partly_signed(version, int(share[1]), int(share[2])))
    return found


def _numbered(lines: Iterable[Row]) -> Iterable[tuple[int, Row]]:
    return enumerate(lines, start=2)


def _moment(text: str, where: str, now: str) -> str:
    """A moment of the facts, no later than the state."""
    if not _MOMENT.fullmatch(text):
        raise FactsError(f"{where} : « {text[:40]} » n'est pas un moment")
    if now and text > now:
        raise FactsError(f"{where} : {text} est plus tardif que l'état du dossier ({now})")
    return text


def _among(where: str, text: str, allowed: Iterable[str]) -> None:
    if text not in set(allowed):
        raise FactsError(f"{where} : « {text[:40]} » n'est pas une valeur prévue")


def _unique(table: str, lines: list[Row], name: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for number, line in _numbered(lines):
        if not line[name] or line[name] in found:
            raise FactsError(f"faits/{table}.csv, ligne {number} : identifiant « {line[name][:40]} » vide ou répété")
        found[line[name]] = line
    return found


def _check_rows(facts: Facts) -> None:
    rows = _unique("rows", facts.rows, "row")
    for number, line in _numbered(facts.rows):
        where = f"faits/rows.csv, ligne {number}"
        _among(where, line["level"], _LEVELS)
        for name in ("is_subcontracted", "is_retired"):
            _among(where, line[name], (YES, NO))
        if not _WHOLE.fullmatch(line["occurrence"]):
            raise FactsError(f"{where} : « {line['occurrence'][:40]} » n'est pas un rang")
    for number, line in _numbered(facts.exams):
        if line["exam"] not in rows or (line["analysis"] and line["analysis"] not in rows):
            raise FactsError(f"faits/exams.csv, ligne {number} : cette ligne n'est pas dans rows.csv")
    for number, line in _numbered(facts.changes):
        if line["row"] not in rows:
            raise FactsError(f"faits/changes.csv, ligne {number} : cette ligne n'est pas dans rows.csv")
    _unique("changes", facts.changes, "fact")
    _unique("people", facts.people, "person")


def _check_decisions(facts: Facts) -> None:
    rows = {line["row"] for line in facts.rows}
    people = {line["person"] for line in facts.people}
    known: dict[str, str] = {}
    for number, line in _numbered(facts.decisions):
        where = f"faits/decisions.csv, ligne {number}"
        if line["row"] not in rows:
            raise FactsError(f"{where} : cette ligne n'est pas dans rows.csv")
        if line["author"] not in people:
            raise FactsError(f"{where} : cette personne n'est pas dans people.csv")
        if not line["fact"] or line["fact"] in known:
            raise FactsError(f"{where} : identifiant « {line['fact'][:40]} » vide ou répété")
        for name in ("undoes", "supersedes"):
            if line[name] and known.get(line[name]) != line["row"]:
                raise FactsError(f"{where} : le fait visé ({name}) n'est pas un fait plus ancien de la même ligne")
        known[line["fact"]] = line["row"]


def _check_readings(facts: Facts, now: str) -> None:
    decisions: Mapping[str, Row] = {line["fact"]: line for line in facts.decisions}
    readings = set()
    for number, line in _numbered(facts.readings):
        where = f"faits/readings.csv, ligne {number}"
        _moment(line["asked_at"], where, now)
        if line["decision"] not in decisions or decisions[line["decision"]]["row"] != line["row"]:
            raise FactsError(f"{where} : le fait à relire n'est pas dans decisions.csv")
        if line["reading"]:
            _moment(line["read_at"], where, now)
            _among(where, line["is_agreement"], (YES, NO))
            readings.add(line["reading"])
    for number, line in _numbered(facts.reconciliations):
        if line["reading"] not in readings or line["decision"] not in decisions:
            raise FactsError(f"faits/reconciliations.csv, ligne {number} : la lecture ou le fait n'est pas là")


def _check_terminology(facts: Facts, now: str) -> None:
    before = ""
    for number, line in _numbered(facts.releases):
        where = f"faits/releases.csv, ligne {number}"
        if (number == 2) != (line["since"] == ""):
            raise FactsError(f"{where} : la première version, et elle seule, est en service depuis l'origine")
        if line["since"] and _moment(line["since"], where, now) < before:
            raise FactsError(f"{where} : les versions ne sont pas dans l'ordre de leur mise en service")
        before = line["since"]
    named = [line["version"] for line in facts.releases]
    if not named or named[-1] != facts.state["release_version"]:
        raise FactsError("faits/releases.csv : la version en service n'est pas celle de l'état")
    seen = set()
    for number, line in _numbered(facts.codes):
        if (line["release"], line["loinc_num"]) in seen:
            raise FactsError(f"faits/codes.csv, ligne {number} : code répété")
        seen.add((line["release"], line["loinc_num"]))
    for number, line in _numbered(facts.grace):
        if line["last_day"]:
            try:
                date.fromisoformat(line["last_day"])
            except ValueError:
                raise FactsError(f"faits/grace.csv, ligne {number} : ce n'est pas un jour") from None


def _check_signatures(facts: Facts, now: str) -> None:
    for number, line in _numbered(facts.signatures):
        where = f"faits/signatures.csv, ligne {number}"
        _moment(line["signed_at"], where, now)
        if line["withdrawn_at"]:
            _moment(line["withdrawn_at"], where, now)
    held = [line for line in facts.signatures if not line["withdrawn_at"]]
    if facts.state["is_signed"] == YES and (
        not held
        or held[-1]["version"] != facts.state["version_number"]
        or held[-1]["mapping_sha256"] != facts.state["content_sha256"]
    ):
        raise FactsError("faits/signatures.csv : ce que dit l'état n'est pas le contenu de la dernière version signée")


_WORDS = {
    "level": ("analysis", "exam"), "measure": ("rows", "volume"), "with_subcontracted": (YES, NO),
    "exam_rule": ("own_code", "all_analyses"), "with_retired": (YES, NO), "circuit_only": (YES, NO),
    "out_of_scope_leaves": (YES, NO), "no_code_leaves": (YES, NO), "statuses": ("approved", "decided"),
    "releases": ("in_service", "of_decision"), "deprecated": ("until_grace", "never", "always"),
}  # fmt: skip


def _check_definitions(facts: Facts) -> None:
    for number, line in _numbered(facts.definitions):
        where = f"faits/definitions.csv, ligne {number}"
        if line["definition"] != str(number - 1):
            raise FactsError(f"{where} : les définitions ne sont pas numérotées à la suite")
        for name, allowed in _WORDS.items():
            _among(where, line[name], allowed)
