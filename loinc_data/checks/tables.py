"""The tables beside the lexicon: units, specimens, techniques, timing, scales, chapters, non-tests, usage."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.checks import vocabulary
from loinc_data.checks.frames import alternatives, frame_of, outside, placed, repeats
from loinc_data.checks.glued_words import check_glued_words
from loinc_data.checks.known import Known
from loinc_data.checks.problem import Problem, Row, parts
from loinc_data.checks.row_words import check_row_words
from matcher.normalise.text import fold, key_of, loses_its_meaning, words
from matcher.normalise.units import ucum_dimension, unit_key

HEADERS: Mapping[str, tuple[str, ...]] = {
    "units": ("expression", "ucum", "dimension", "scope", "source", "note"),
    "specimens": ("expression", "system", "scope", "source", "note"),
    "label_specimens": ("expression", "system", "scope", "source", "note"),
    "techniques": ("expression", "method", "scope", "source", "note"),
    "timing": ("expression", "time", "challenge", "scope", "source", "note"),
    "scales": ("expression", "scale", "scope", "source", "note"),
    "properties": ("expression", "property", "scope", "source", "note"),
    "chapters": ("expression", "class", "system", "scope", "source", "note"),
    "nontests": ("pattern", "reason", "note"),
    "row_words": ("word", "class", "reason", "note"),
    "usage": ("loinc", "usage"),
    "short_words": ("expression", "short", "scope", "source", "note"),
    "glued_words": ("piece", "role", "reads", "scope", "source", "note"),
    "national": ("loinc", "choice", "source"),
    "disciplines": ("key", "french_name", "classes"),
    "chapter_codes": ("expression", "loinc", "label", "note"),
    "vouched": ("axis", "value", "note"),
}
_KEYED: Mapping[str, tuple[str, ...]] = {
    "specimens": ("system",),
    "label_specimens": ("system",),
    "techniques": ("method",),
    "timing": ("time", "challenge"),
    "scales": ("scale",),
    "properties": ("property",),
    "chapters": ("class", "system"),
}
SCOPES: Mapping[str, frozenset[str]] = {
    "units": frozenset({"case"}),
    "label_specimens": frozenset({"suffix"}),
    "techniques": frozenset({"column"}),
    "glued_words": frozenset({"organism"}),
}
"""The scopes that mean something in a table; the other tables have none."""

# What laboratories mean by a unit whose own dimension is another: "U" for U/mL, %/GR for a ratio, nmol/h/mL for U/L.
_STANDS_FOR = frozenset(
    {
        ("arb", "arb_conc"),
        ("cat", "arb_conc"),
        ("cat", "cat_conc"),
        ("subst_rate", "cat_ratio"),
        ("subst_rate", "cat_conc"),
        ("subst_conc", "cat_conc"),
        ("ratio", "per_field"),
        ("percent", "ratio"),
        ("ratio", "percent"),
    }
)
_UNREAD: Mapping[str, str] = {
    "cm[H2O]": "pressure",
    "bar": "pressure",
    "atm": "pressure",
    "[degF]": "temperature",
    "[ka'U]/dL": "cat_conc",
    "[bdsk'U]/dL": "cat_conc",
    "[bdsk'U]": "arb",
    "m2": "area",
    "cm2": "area",
    "pmol/(8.10*8)": "subst_num",
}
"""UCUM units that the matcher does not take apart, and their dimension."""


def check_tables(
    tables: Mapping[str, Sequence[Row]], terms: Sequence[Row], known: Known, names: Mapping[str, str]
) -> Iterator[Problem]:
    """Every problem of the tables; `names` are the long common names known by code."""
    yield from _units(tables["units"])
    for name, columns in _KEYED.items():
        yield from _keyed(tables[name], columns)
    yield from _values("system", [*tables["specimens"], *tables["label_specimens"], *tables["chapters"]], known.systems)
    yield from _values("method", tables["techniques"], known.methods)
    yield from _values("time", tables["timing"], vocabulary.TIMES)
    yield from _values("property", tables["properties"], vocabulary.PROPERTIES)
    yield from _values("scale", tables["scales"], vocabulary.SCALES)
    yield from _values("class", tables["chapters"], vocabulary.CLASSES)
    yield from _disciplines(tables["disciplines"])
    if known.is_release:
        yield from _challenges(tables["timing"], known)
    yield from _patterns(tables["nontests"])
    yield from check_row_words(tables["row_words"])
    yield from check_glued_words(tables["glued_words"])
    yield from _usage(tables["usage"], terms)
    yield from _chapter_codes(tables["chapter_codes"], names)
    yield from _national(tables["national"])
    yield from _scopes(tables)
    yield from _once(tables["vouched"], "value", str.lower)
    for row in tables["vouched"]:
        if row["axis"] not in ("component", "system", "method"):
            yield row.error("vocabulary", "axis", f"« {row['axis']} » n'est pas un axe")


def _national(rows: Sequence[Row]) -> Iterator[Problem]:
    yield from _once(rows, "loinc", str)
    for row in rows:
        if not is_valid_loinc(row["loinc"]):
            yield row.error("check-digit", "loinc", f"« {row['loinc']} » n'a pas la clé d'un code LOINC")
        if not row["source"]:
            yield row.error("source", "source", f"choix national de {row['loinc']} sans source publique")


def _disciplines(rows: Sequence[Row]) -> Iterator[Problem]:
    """A class of two disciplines would be of the one read last, and a name given twice of neither for a reader."""
    yield from _once(rows, "key", str)
    yield from _once(rows, "french_name", fold)
    yield from _values("classes", rows, vocabulary.CLASSES)
    seen: dict[str, str] = {}
    for row in rows:
        if not row["french_name"]:
            yield row.error("vocabulary", "french_name", f"la discipline {row['key']} n'a pas de nom français")
        for name in parts(row["classes"]):
            if name in seen:
                yield row.error("conflict", "classes", f"« {name} » est aussi de la discipline {seen[name]}")
            seen.setdefault(name, row["key"])


def _scopes(tables: Mapping[str, Sequence[Row]]) -> Iterator[Problem]:
    """Scopes that no reader looks at: misspelt, they would change nothing in silence."""
    for name, header in HEADERS.items():
        for row in tables[name] if "scope" in header else ():
            for scope in sorted(set(row["scope"].split()) - SCOPES.get(name, frozenset())):
                yield row.error("scope", "scope", f"portée inconnue : « {scope} »")


def _units(rows: Sequence[Row]) -> Iterator[Problem]:
    yield from _once(rows, "expression", str)
    for row in rows:
        dimensions = parts(row["dimension"])
        for dimension in dimensions:
            if dimension not in vocabulary.DIMENSIONS:
                yield row.error("dimension", "dimension", f"dimension inconnue : {dimension}")
        if not dimensions and not row["note"]:
            yield row.error("dimension", "dimension", f"« {row['expression']} » n'a ni dimension ni explication")
        for ucum in parts(row["ucum"]):
            found = _UNREAD.get(ucum) or ucum_dimension(ucum)
            if dimensions and not _means(found, ucum, dimensions):
                message = f"{ucum} est de dimension {found or 'illisible'}, la table dit {row['dimension']}"
                yield row.error("dimension", "ucum", message)
    for row, first in repeats(rows, frame_of(rows, ["expression"])["expression"].map(unit_key)):
        if first["dimension"] != row["dimension"] and "case" not in (first["scope"] + " " + row["scope"]).split():
            same = f"« {first['expression']} » (ligne {first.line}, {first['dimension']})"
            message = f"se lit comme {same} quand la casse se perd"
            yield row.error("conflict", "expression", message)


def _means(found: str, ucum: str, dimensions: tuple[str, ...]) -> bool:
    """Whether a unit of this dimension stands for one of the table's."""
    if found in dimensions or (not found and ucum.startswith("{")):
        return True
    if found == "num_conc" and ucum.startswith("{"):
        return "arb_conc" in dimensions
    return any((found, dimension) in _STANDS_FOR for dimension in dimensions)


def _keyed(rows: Sequence[Row], columns: tuple[str, ...]) -> Iterator[Problem]:
    """Rows that read the same once folded must say the same."""
    expressions = frame_of(rows, ["expression"])["expression"]
    is_dead = expressions.map(_is_dead).astype(bool)
    for row, expression in placed(rows, expressions[is_dead]):
        yield row.error("dead", "expression", f"« {expression} » ne peut jamais être reconnue (mots vides)")
    for row, first in repeats(rows, expressions[~is_dead].map(_key)):
        if any(first[column] != row[column] for column in columns):
            said = "; ".join(first[column] or "rien" for column in columns)
            message = (
                f"« {row['expression']} » se lit comme « {first['expression']} » (ligne {first.line}), qui dit {said}"
            )
            yield row.error("conflict", "expression", message)
        elif fold(first["expression"]) == fold(row["expression"]):
            yield row.warning("duplicate", "expression", f"« {row['expression']} » est déjà ligne {first.line}")


def _key(expression: str) -> str:
    return key_of(words(expression))


def _is_dead(expression: str) -> bool:
    return not _key(expression) or loses_its_meaning(expression)


def _values(column: str, rows: Sequence[Row], values: Set[str]) -> Iterator[Problem]:
    for row, value in outside(rows, column, values):
        yield row.error("vocabulary", column, f"« {value} » n'est pas une valeur connue")


def _challenges(rows: Sequence[Row], known: Known) -> Iterator[Problem]:
    """Each challenge that the release does not name, where it is first used."""
    used = alternatives(rows, "challenge").drop_duplicates()
    for row, value in placed(rows, used[~used.isin(known.challenges)]):
        yield row.warning("vocabulary", "challenge", f"« {value} » n'est pas une épreuve de la distribution")


def _patterns(rows: Sequence[Row]) -> Iterator[Problem]:
    yield from _once(rows, "pattern", str)
    for row in rows:
        pattern = row["pattern"]
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            yield row.error("pattern", "pattern", f"expression rationnelle mal formée : {error}")
            continue
        if compiled.search(""):
            yield row.error("pattern", "pattern", "reconnaît un libellé vide, donc tous les libellés")
        # Labels are folded before the patterns are tried: capitals and accents never match.
        literal = re.sub(r"\\.", "", pattern)
        if literal != literal.lower() or not literal.isascii():
            yield row.error("pattern", "pattern", "majuscules ou accents : le libellé est comparé sans eux")
        if not row["reason"]:
            yield row.error("pattern", "reason", "motif sans explication")


def _usage(rows: Sequence[Row], terms: Sequence[Row]) -> Iterator[Problem]:
    yield from _once(rows, "loinc", str)
    cited = frame_of(rows, HEADERS["usage"])
    stated = frame_of(terms, ["LOINC_NUM", "FR_USAGE"]).drop_duplicates("LOINC_NUM", keep="last")
    said = stated.set_index("LOINC_NUM")["FR_USAGE"]
    for row in rows:
        if not is_valid_loinc(row["loinc"]):
            yield row.error("check-digit", "loinc", f"« {row['loinc']} » n'a pas la clé d'un code LOINC")
        if row["usage"] not in vocabulary.USAGES:
            yield row.error("vocabulary", "usage", f"usage inconnu : « {row['usage']} »")
    both = cited[cited["usage"].isin(vocabulary.USAGES)].join(said, on="loinc", how="inner")
    for row, usage in placed(rows, both[both["FR_USAGE"] != both["usage"]]["FR_USAGE"]):
        yield row.error("conflict", "usage", f"usage {row['usage']} ici, {usage} dans le jeu de départ")
    missing = sorted(said.index[~said.index.isin(cited["loinc"])])
    if missing and rows:
        yield rows[0].error(
            "missing",
            "loinc",
            f"{len(missing)} codes du jeu de départ sans usage : {', '.join(missing[:5])}",
        )


def _chapter_codes(rows: Sequence[Row], names: Mapping[str, str]) -> Iterator[Problem]:
    table = frame_of(rows, HEADERS["chapter_codes"])
    for row in rows:
        if not is_valid_loinc(row["loinc"]):
            yield row.error("check-digit", "loinc", f"« {row['loinc']} » n'a pas la clé d'un code LOINC")
    for row, first in repeats(rows, table["loinc"]):
        if first["label"] != row["label"]:
            yield row.error("conflict", "label", f"{row['loinc']} est « {first['label']} » à la ligne {first.line}")
    official = table["loinc"].map(names)
    for row, name in placed(rows, official[official.fillna("").ne("") & (official != table["label"])]):
        yield row.error("conflict", "label", f"{row['loinc']} est « {name} » dans LOINC")
    for row, first in repeats(rows, table["expression"].map(_key)):
        if first["loinc"] != row["loinc"]:
            message = f"« {row['expression']} » a déjà {first['loinc']} à la ligne {first.line}"
            yield row.error("conflict", "expression", message)


def _once(rows: Sequence[Row], column: str, key: Callable[[str], str]) -> Iterator[Problem]:
    for row, first in repeats(rows, frame_of(rows, [column])[column].map(key)):
        yield row.error("duplicate", column, f"« {row[column]} » est déjà ligne {first.line}")
