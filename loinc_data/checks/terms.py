"""The starter terms: codes, vocabularies, axes against each other, against the name and against the units."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.checks import vocabulary
from loinc_data.checks.problem import Problem, Row
from matcher.evidence.property import EXPECTED
from matcher.normalise.units import ucum_dimension
from matcher.types import Term

HEADER = (
    "LOINC_NUM",
    "COMPONENT",
    "PROPERTY",
    "TIME_ASPCT",
    "SYSTEM",
    "SCALE_TYP",
    "METHOD_TYP",
    "CLASS",
    "STATUS",
    "ORDER_OBS",
    "LONG_COMMON_NAME",
    "EXAMPLE_UCUM_UNITS",
    "FR_USAGE",
)
_VOCABULARIES: Mapping[str, frozenset[str]] = {
    "PROPERTY": vocabulary.PROPERTIES,
    "TIME_ASPCT": vocabulary.TIMES,
    "SCALE_TYP": vocabulary.SCALES,
    "CLASS": vocabulary.CLASSES,
    "STATUS": vocabulary.STATUSES,
    "ORDER_OBS": vocabulary.ORDERS,
    "FR_USAGE": vocabulary.USAGES,
}
_BRACKET = re.compile(r"\[([^\]]+)\]")
_SHORT_NAME = re.compile(
    r"(?:SerPl|SerPlBld|\b(?:Ser|Bld|Ur|CSF|Islt|Stl|Plas|PPP)\b.*-(?:[a-zA-Z]?[A-Z][A-Za-z]*nc|Imp|Rto|[a-zA-Z]+Fr)$"
    r"|-[a-z]?[A-Z][a-z]?[A-Za-z]*nc$|\b(?:Ql|Qn)\b|\bIslt\b)"
)
_LONG_NAME = re.compile(r"\[|\b(?:in|of|on|by|from|to|panel|index|set)\b", re.IGNORECASE)
_SPECIMEN = re.compile(r"^.* (?:in|of|from|on) (.+?)(?: by .*)?$", re.IGNORECASE)
_HOURS = re.compile(r"\b(\d+(?:\.\d+)?) hour(?= |$)(?! post| pre)", re.IGNORECASE)
_SUFFIX = re.compile(r" (Qualitative|Nominal|Narrative)\b")
_SUFFIX_SCALES = {"Qualitative": "Ord", "Nominal": "Nom", "Narrative": "Nar"}
_NOT_A_METHOD = re.compile(r"\bby CD4\+", re.IGNORECASE)
# The example unit is not of the dimension that defines the property, by LOINC's own choice.
_UNITS_BY_PROPERTY: Mapping[str, frozenset[str]] = {
    "Susc": frozenset({"mass_conc", "length"}),
    "ACnc": frozenset({"arb", "cat_conc", "num_conc", "log_conc"}),
    "VFr": frozenset({"ratio"}),
    "NRto": frozenset({"percent", "ratio"}),
    "SRto": frozenset({"percent"}),
    "VRat": frozenset({"vol_rate_area"}),
    "MCncDiff": frozenset({"mass_conc"}),
    "Ratio": frozenset({"pressure"}),
    "TRto": frozenset({"ratio"}),
    "MFr.DF": frozenset({"ratio"}),
    "CCnc": frozenset({"conc_rate"}),
}


def check_terms(rows: Sequence[Row]) -> Iterator[Problem]:
    """Every problem of the starter terms taken by themselves."""
    for row in rows:
        yield from _code_and_vocabulary(row)
        yield from _name_against_axes(row)
        yield from _axes_against_each_other(row)
        yield from _units(row)
    yield from _across_rows(rows)


def check_against(rows: Iterable[Row], release: Mapping[str, Term]) -> Iterator[Problem]:
    """What a release says otherwise: a name or a status is an error; a code it lacks or another axis, a warning."""
    for row in rows:
        term = release.get(row["LOINC_NUM"])
        if term is None:
            yield row.warning("unknown-code", "LOINC_NUM", f"{row['LOINC_NUM']} n'est pas dans la distribution donnée")
            continue
        if term.status in ("DEPRECATED", "DISCOURAGED") and row["STATUS"] != term.status:
            yield row.error("status", "STATUS", f"la distribution dit {term.status}, le jeu de départ {row['STATUS']}")
        if term.long_common_name and term.long_common_name != row["LONG_COMMON_NAME"]:
            yield row.error("name", "LONG_COMMON_NAME", f"la distribution dit « {term.long_common_name} »")
        values = (
            term.component,
            term.property,
            term.time_aspct,
            term.system,
            term.scale_typ,
            term.method_typ,
        )
        for column, value in zip(HEADER[1:7], values, strict=True):
            if row[column] != value:
                yield row.warning("axis", column, f"« {row[column]} » ici, « {value} » dans la distribution")


def _code_and_vocabulary(row: Row) -> Iterator[Problem]:
    if not is_valid_loinc(row["LOINC_NUM"]):
        yield row.error("check-digit", "LOINC_NUM", f"« {row['LOINC_NUM']} » n'a pas la clé d'un code LOINC")
    for column, values in _VOCABULARIES.items():
        if row[column] not in values:
            yield row.error("vocabulary", column, f"« {row[column]} » n'est pas une valeur connue")
    for column in ("COMPONENT", "SYSTEM", "LONG_COMMON_NAME"):
        if not row[column]:
            yield row.error("vocabulary", column, "cellule vide")


def _name_against_axes(row: Row) -> Iterator[Problem]:
    name = row["LONG_COMMON_NAME"]
    is_panel = row["SCALE_TYP"] == "-"
    if not is_panel and (_SHORT_NAME.search(name) or not _LONG_NAME.search(name)) and "/" not in name:
        yield row.error("short-name", "LONG_COMMON_NAME", f"« {name} » a l'air d'un nom court")
    bracket = _BRACKET.search(name)
    if bracket:
        expected = vocabulary.BRACKETS.get(bracket.group(1).lower())
        if expected is None:
            if row["SYSTEM"]:
                yield row.warning("name-property", "LONG_COMMON_NAME", f"crochets inconnus : [{bracket.group(1)}]")
        elif row["PROPERTY"] not in expected:
            message = f"le nom dit [{bracket.group(1)}], la grandeur {row['PROPERTY']} (attendu : {_listed(expected)})"
            yield row.error("name-property", "PROPERTY", message)
        if bracket.group(1).lower() == "presence" and row["SCALE_TYP"] != "Ord":
            yield row.error("name-scale", "SCALE_TYP", f"[Presence] se lit sur une échelle Ord, non {row['SCALE_TYP']}")
    suffix = _SUFFIX.search(name)
    if suffix and row["SCALE_TYP"] != _SUFFIX_SCALES[suffix.group(1)]:
        yield row.error("name-scale", "SCALE_TYP", f"le nom dit {suffix.group(1)}, l'échelle {row['SCALE_TYP']}")
    yield from _name_against_time(row, name)
    if not is_panel:
        yield from _name_against_system(row, name)
    if " by " in name and not row["METHOD_TYP"] and not _NOT_A_METHOD.search(name):
        yield row.error("name-method", "METHOD_TYP", f"le nom précise une méthode, la colonne est vide : « {name} »")


def _name_against_time(row: Row, name: str) -> Iterator[Problem]:
    stem = name.split("--")[0]
    hours = _HOURS.search(stem)
    if hours and row["TIME_ASPCT"] != f"{hours.group(1)}H":
        yield row.error("name-time", "TIME_ASPCT", f"le nom dit {hours.group(0)}, la colonne {row['TIME_ASPCT']}")
    if not hours and row["TIME_ASPCT"] == "24H" and row["SCALE_TYP"] != "-" and "24H" not in name:
        yield row.error("name-time", "TIME_ASPCT", f"24H, mais le nom ne le dit pas : « {name} »")


def _name_against_system(row: Row, name: str) -> Iterator[Problem]:
    found = _SPECIMEN.match(name.split("--")[0].strip())
    if not found:
        return
    words = re.sub(r"^\d+(?:\.\d+)? hour ", "", found.group(1).lower())
    words = re.sub(r" (?:qualitative|nominal|narrative)$", "", words)
    expected = vocabulary.SPECIMENS.get(words)
    # A ratio of two specimens names the second only.
    if expected and row["SYSTEM"] not in expected and "+" not in row["SYSTEM"]:
        yield row.error("name-system", "SYSTEM", f"le nom dit « {words} », le système {row['SYSTEM']}")


def _axes_against_each_other(row: Row) -> Iterator[Problem]:
    scale, prop, component = row["SCALE_TYP"], row["PROPERTY"], row["COMPONENT"]
    if scale == "Qn" and prop in vocabulary.QUALITATIVE:
        yield row.error("scale-property", "SCALE_TYP", f"la grandeur {prop} ne se mesure pas sur une échelle Qn")
    if scale in ("Ord", "Nom") and prop in vocabulary.QUANTITATIVE - {"Num", "ACnc", "NCnc", "Naric"}:
        yield row.error("scale-property", "SCALE_TYP", f"la grandeur {prop} n'est pas d'échelle {scale}")
    if (scale == "-") != (prop == "-"):
        yield row.error("scale-property", "PROPERTY", f"panneau : grandeur {prop} et échelle {scale} se contredisent")
    is_panel = row["CLASS"].startswith("PANEL.")
    if scale == "-" and not is_panel:
        yield row.error("panel", "CLASS", f"échelle -, celle des panneaux, et classe {row['CLASS']}")
    if is_panel and row["ORDER_OBS"] != "Order":
        yield row.error("panel", "ORDER_OBS", f"un panneau est d'usage Order, non {row['ORDER_OBS']}")
    if row["CLASS"] == "ABXBACT" and prop != "Susc":
        yield row.error("class-property", "CLASS", f"classe {row['CLASS']} et grandeur {prop} se contredisent")
    if "/100 " in component and prop not in ("NFr", "NRto", "Ratio"):
        yield row.error("component-property", "PROPERTY", f"« {component} » est une proportion de nombres, non {prop}")


def _units(row: Row) -> Iterator[Problem]:
    units, prop = row["EXAMPLE_UCUM_UNITS"], row["PROPERTY"]
    if units and row["SCALE_TYP"] in ("Ord", "Nom", "Nar", "-"):
        yield row.error("units", "EXAMPLE_UCUM_UNITS", f"unité {units} sur une échelle {row['SCALE_TYP']}")
        return
    for unit in (part.strip() for part in units.split(";") if part.strip()):
        dimension = ucum_dimension(unit)
        if not dimension:
            if not unit.startswith("{"):
                yield row.error("units", "EXAMPLE_UCUM_UNITS", f"{unit} n'est pas une unité UCUM lisible")
        elif prop not in EXPECTED.get(dimension, ()) and dimension not in _UNITS_BY_PROPERTY.get(prop, ()):
            yield row.error("units", "EXAMPLE_UCUM_UNITS", f"{unit} ({dimension}) ne mesure pas la grandeur {prop}")


def _across_rows(rows: Sequence[Row]) -> Iterator[Problem]:
    by_code: dict[str, Row] = {}
    by_axes: dict[tuple[str, ...], Row] = {}
    by_five: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        first = by_code.setdefault(row["LOINC_NUM"], row)
        if first is not row:
            message = f"{row['LOINC_NUM']} est déjà dans {first.file}, ligne {first.line}"
            yield row.error("duplicate-code", "LOINC_NUM", message)
        axes = tuple(row[column].lower() for column in HEADER[1:7])
        first = by_axes.setdefault(axes, row)
        if first is not row and first["LOINC_NUM"] != row["LOINC_NUM"]:
            message = f"les six axes sont ceux de {first['LOINC_NUM']} ({first.file}, ligne {first.line})"
            yield row.error("duplicate-axes", "COMPONENT", message)
        by_five[axes[:-1]].append(row)
    for siblings in by_five.values():
        bare = [row for row in siblings if not row["METHOD_TYP"]]
        named = [row for row in siblings if row["METHOD_TYP"] not in ("", *vocabulary.ROUTINE_METHODS)]
        for row in bare:
            rivals = [other for other in named if other["FR_USAGE"] < row["FR_USAGE"]]
            if rivals:
                codes = ", ".join(other["LOINC_NUM"] for other in rivals)
                message = f"usage {row['FR_USAGE']}, moins courant que {codes}, qui précise la méthode"
                yield row.error("usage-sibling", "FR_USAGE", message)


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
