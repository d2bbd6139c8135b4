"""The French lexicon: form, vocabularies, duplicates, components that exist, expressions that would hijack labels."""

import re
from collections.abc import Iterator, Sequence, Set

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.checks import vocabulary
from loinc_data.checks.frames import alternatives, frame_of, outside, placed, repeats
from loinc_data.checks.known import Known
from loinc_data.checks.problem import Problem, Row, parts
from matcher.lexicon import MODIFIER_KINDS
from matcher.names import split_component
from matcher.normalise.phrases import MAX_PHRASE
from matcher.normalise.text import fold, key_of, loses_its_meaning, words
from matcher.normalise.units import UnitTable

HEADER = (
    "expression", "kind", "component", "property", "time", "system", "scale", "method", "context", "priority",
    "scope", "source", "note",
)  # fmt: skip
_LEAST_USUAL = 9
SCOPES = frozenset({"en", "specimen-by-default", "context"})
_CODE = re.compile(r"\b\d{1,7}-\d\b")
# Words of everyday labels: as the name of an analyte they would take over rows that only mention them.
ORDINARY = frozenset(
    (
        "sang urine urines selle selles serum plasma culture recherche test examen dosage bilan depistage "
        "controle resultat taux cas tel min sec an ans sp spp ser par pas pos neg do ma mi my te am flu bac com "
        "total valeur nombre type analyse prelevement cellule cellules enzyme hormone vitamine virus bacterie "
        "bacteries parasite parasites antigene anticorps"
    ).split()
)
_MAY_BE_ORDINARY = MODIFIER_KINDS | {"panel"}
# Words that are recognised so that nothing else is read into them: "antiépileptiques", "turbidimétrie", "profil".
_MAY_SAY_NOTHING = frozenset({"modifier", "panel", "method"})
# Single letters that laboratories do write as the whole name of an analyte.
_LETTERS = frozenset({"k", "%"})
_ANTIBODY = re.compile(r"\bIg[AEGM]|inhibitor|immunoglobulins|antiglobulin")
_CODED = {"allergen": "Ab.", "antibody": "Ab"}


def check_lexicon(rows: Sequence[Row], known: Known, units: UnitTable) -> Iterator[Problem]:
    """Every problem of the lexicon entries, taken one by one and across files."""
    for row in rows:
        yield from _form(row)
    yield from _vocabularies(rows, known)
    for row in rows:
        yield from _alternatives(row)
        yield from _context(row, units)
        yield from _expression(row)
        yield from _kind(row, known)
    if known.is_release:
        yield from _components(rows, known)
    yield from _duplicates(rows)
    yield from _conflicts(rows)


def _conflicts(rows: Sequence[Row]) -> Iterator[Problem]:
    """Entries that read alike and name different components, without a word on which is the more usual."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["priority"] and not (row["priority"].isdigit() and 1 <= int(row["priority"]) <= _LEAST_USUAL):
            yield row.error("priority", "priority", f"« {row['priority']} » n'est pas un rang de 1 à {_LEAST_USUAL}")
        found.setdefault(key_of(words(row["expression"])), []).append(row)
    for same in found.values():
        first: dict[str, Row] = {}
        for row in same:
            rival = first.setdefault(row["priority"], row)
            if _first_component(row) != _first_component(rival):
                other = rival["component"] or "rien"
                where = f"{rival.file}, ligne {rival.line}"
                message = f"« {row['expression']} » nomme aussi {other} ({where}) : rang à donner"
                yield row.error("conflict", "priority", message)


def _first_component(row: Row) -> str:
    return (parts(row["component"]) or ("",))[0].lower()


def unverified(rows: Sequence[Row], known: Known) -> int:
    """How many components cannot be checked with the terms at hand."""
    if known.is_release:
        return 0
    return sum(not known.has_component(value) for value in alternatives(rows, "component").unique())


def _form(row: Row) -> Iterator[Problem]:
    if not row["expression"]:
        yield row.error("empty", "expression", "expression vide")
    for column in ("component", "property", "system", "method", "context"):
        for code in _CODE.findall(row[column]):
            if is_valid_loinc(code) and row[column] == code:
                yield row.error("code", column, f"le lexique ne contient pas de code LOINC : {code}")
    axes = ("component", "property", "time", "system", "scale", "method")
    if row["kind"] not in _MAY_SAY_NOTHING and not any(row[column] for column in axes):
        yield row.error("empty", "component", f"« {row['expression']} » ne dit rien sur aucun axe")
    scopes = set(row["scope"].split())
    for scope in sorted(scopes - SCOPES):
        yield row.error("scope", "scope", f"portée inconnue : « {scope} »")
    if "context" in scopes and not row["context"]:
        yield row.error("scope", "context", f"« {row['expression']} » ne se lit que dans un contexte, et n'en a pas")
    if row["kind"] not in vocabulary.KINDS:
        yield row.error("vocabulary", "kind", f"« {row['kind']} » n'est pas une nature connue")


def _vocabularies(rows: Sequence[Row], known: Known) -> Iterator[Problem]:
    vocabularies: tuple[tuple[str, Set[str]], ...] = (
        ("property", vocabulary.PROPERTIES),
        ("time", vocabulary.TIMES),
        ("scale", vocabulary.SCALES),
        ("system", known.systems),
        ("method", known.methods),
    )
    for column, values in vocabularies:
        for row, value in outside(rows, column, values):
            yield row.error("vocabulary", column, f"« {value} » n'est pas une valeur connue")


def _alternatives(row: Row) -> Iterator[Problem]:
    for column in HEADER[2:8]:
        if "|" not in row[column]:
            continue
        given = parts(row[column])
        if len(set(given)) < len(given) or row[column] != "|".join(given):
            yield row.error("alternatives", column, f"alternatives vides, répétées ou mal séparées : « {row[column]} »")


def _context(row: Row, units: UnitTable) -> Iterator[Problem]:
    items = [item.strip() for item in row["context"].split(",") if item.strip()]
    for item in items:
        key, _, value = item.partition("=")
        if key not in vocabulary.CONTEXT_KEYS or not value.strip():
            yield row.error(
                "context",
                "context",
                f"« {item} » n'est pas clé=valeur ({', '.join(sorted(vocabulary.CONTEXT_KEYS))})",
            )
        elif key == "unite" and not units.read(value).is_known:
            yield row.error("context", "context", f"unité de contexte inconnue : {value}")
    if len(set(items)) < len(items):
        yield row.error("context", "context", f"contexte répété : « {row['context']} »")


def _components(rows: Sequence[Row], known: Known) -> Iterator[Problem]:
    """Components that the release lacks, those of an entry together."""
    used = alternatives(rows, "component")
    lacking = [value for value in used.unique() if not known.has_component(value)]
    unknown = used[used.isin(lacking)]
    for row, missing in placed(rows, unknown.groupby(unknown.index).agg(", ".join)):
        message = f"« {missing} » n'est pas un composant de la distribution"
        yield row.error("unknown-component", "component", message)


def _expression(row: Row) -> Iterator[Problem]:
    expression = row["expression"]
    parts_of_it = words(expression)
    key = key_of(parts_of_it)
    if not key or loses_its_meaning(expression) or len(parts_of_it) > MAX_PHRASE:
        yield row.error(
            "dead",
            "expression",
            f"« {expression} » ne peut jamais être reconnue (mots vides, ou trop de mots)",
        )
        return
    if not row["component"] or row["kind"] in _MAY_BE_ORDINARY:
        return
    if "context" in row["scope"].split() and row["context"]:
        return
    if key.isdigit() or (len(key) == 1 and key not in _LETTERS):
        yield row.error(
            "hijack",
            "expression",
            f"« {expression} » se réduit à « {key} », trop court pour nommer un analyte",
        )
    elif not row["context"] and (key in ORDINARY or fold(expression) in ORDINARY):
        yield row.error(
            "hijack",
            "expression",
            f"« {expression} » est un mot courant des libellés, non le nom d'un analyte",
        )


def _kind(row: Row, known: Known) -> Iterator[Problem]:
    kind, component, systems = row["kind"], row["component"], set(parts(row["system"]))
    if kind == "urie" and not any(system.startswith("Urine") for system in systems):
        yield row.error("kind", "system", f"« {row['expression']} » est de nature urie sans système Urine")
    if kind == "emie" and not systems & vocabulary.BLOOD:
        yield row.error("kind", "system", f"« {row['expression']} » est de nature emie sans système sanguin")
    needed = _CODED.get(kind)
    if needed and component and needed not in component and not _ANTIBODY.search(component):
        yield row.warning("kind", "component", f"nature {kind}, mais « {component} » n'est pas un anticorps")
    if "Susc" in parts(row["property"]) and systems and "Isolate" not in systems:
        yield row.error("kind", "system", "une sensibilité se mesure sur un isolat")
    if (
        kind in ("analyte", "abbreviation", "synonym")
        and systems
        and systems <= vocabulary.BLOOD
        and not row["context"]
        and "specimen-by-default" not in row["scope"].split()
    ):
        yield from _implied(row, known)


def _implied(row: Row, known: Known) -> Iterator[Problem]:
    """A bare name that several specimens share says nothing of the specimen."""
    components = parts(row["component"])
    name = split_component(components[0]) if components else None
    if name is None or name.challenge or name.divisor or len(words(row["expression"])) > 1:
        return
    others = known.usual_systems.get(name.analyte.lower(), set()) - vocabulary.BLOOD
    if "Urine" in others:
        message = (
            f"« {row['expression']} » n'implique pas {row['system']} : {name.analyte} se dose aussi dans les urines"
        )
        yield row.warning("implied-specimen", "system", message)


def _duplicates(rows: Sequence[Row]) -> Iterator[Problem]:
    table = frame_of(rows, ["component", "context", "system", "property"])
    expressions = frame_of(rows, ["expression"])["expression"].map(lambda text: " ".join(words(text)))
    for row, first in repeats(rows, expressions, *(table[column].str.lower() for column in table)):
        message = f"« {row['expression']} » est déjà dans {first.file}, ligne {first.line}, avec le même sens"
        yield row.error("duplicate", "expression", message)
