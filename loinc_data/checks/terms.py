"""The starter terms: codes, vocabularies, axes against each other, against the name and against the units."""

import re
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

import pandas as pd

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.checks import vocabulary
from loinc_data.checks.frames import frame_of, placed, repeats
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
# What a release is asked about a term: our columns, and the fields of the matcher's term.
_COMPARED = (*HEADER[1:7], "STATUS", "LONG_COMMON_NAME")
_OF_A_TERM = attrgetter(*(column.lower() for column in _COMPARED))


def check_terms(rows: Sequence[Row]) -> Iterator[Problem]:
    """Every problem of the starter terms taken by themselves."""
    for row in rows:
        yield from _code_and_vocabulary(row)
        yield from _name_against_axes(row)
        yield from _axes_against_each_other(row)
        yield from _units(row)
    yield from _across_rows(rows)


def check_against(rows: Sequence[Row], release: Mapping[str, Term]) -> Iterator[Problem]:
    """What a release says otherwise: a name or a status is an error; a code it lacks or another axis, a warning."""
    ours = frame_of(rows, HEADER)
    said = {code: _OF_A_TERM(release[code]) for code in ours["LOINC_NUM"] if code in release}
    theirs = pd.DataFrame.from_dict(said, orient="index", columns=list(_COMPARED), dtype=str)
    absent = ~ours["LOINC_NUM"].isin(theirs.index)
    for row, code in placed(rows, ours["LOINC_NUM"][absent]):
        yield row.warning("unknown-code", "LOINC_NUM", f"{code} n'est pas dans la distribution donnée")
    ours = ours[~absent]
    theirs = theirs.loc[ours["LOINC_NUM"]].set_axis(ours.index)
    differs = theirs != ours[list(_COMPARED)]
    status = theirs["STATUS"][differs["STATUS"] & theirs["STATUS"].isin(["DEPRECATED", "DISCOURAGED"])]
    for row, value in placed(rows, status):
        yield row.error("status", "STATUS", f"la distribution dit {value}, le jeu de départ {row['STATUS']}")
    name = theirs["LONG_COMMON_NAME"][differs["LONG_COMMON_NAME"] & (theirs["LONG_COMMON_NAME"] != "")]
    for row, value in placed(rows, name):
        yield row.error("name", "LONG_COMMON_NAME", f"la distribution dit « {value} »")
    for column in HEADER[1:7]:
        for row, value in placed(rows, theirs[column][differs[column]]):
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
    table = frame_of(rows, HEADER)
    for row, first in repeats(rows, table["LOINC_NUM"]):
        message = f"{row['LOINC_NUM']} est déjà dans {first.file}, ligne {first.line}"
        yield row.error("duplicate-code", "LOINC_NUM", message)
    axes = list(HEADER[1:7])
    table[axes] = table[axes].apply(lambda column: column.str.lower())
    for row, first in repeats(rows, *(table[axis] for axis in axes)):
        if first["LOINC_NUM"] != row["LOINC_NUM"]:
            message = f"les six axes sont ceux de {first['LOINC_NUM']} ({first.file}, ligne {first.line})"
            yield row.error("duplicate-axes", "COMPONENT", message)
    yield from _usage_of_siblings(rows, table)


def _usage_of_siblings(rows: Sequence[Row], table: pd.DataFrame) -> Iterator[Problem]:
    """A code that names no method is no less usual than its siblings that name one; axes in lower case."""
    methods = frame_of(rows, ["METHOD_TYP"])["METHOD_TYP"]
    bare = table[methods == ""].rename_axis("number").reset_index()
    named = table[~methods.isin(["", *vocabulary.ROUTINE_METHODS])]
    siblings = bare.merge(named, on=list(HEADER[1:6]), suffixes=("", " of the rival"))
    rivals = siblings[siblings["FR_USAGE of the rival"] < siblings["FR_USAGE"]]
    for row, codes in placed(rows, rivals.groupby("number")["LOINC_NUM of the rival"].agg(", ".join)):
        message = f"usage {row['FR_USAGE']}, moins courant que {codes}, qui précise la méthode"
        yield row.error("usage-sibling", "FR_USAGE", message)


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
