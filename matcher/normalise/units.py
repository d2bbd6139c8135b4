"""Units: French spellings first, UCUM second. `G/L` is giga per litre here, never gauss."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from matcher.normalise.unit_words import in_symbols

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SPACE = re.compile(r"\s+")
_INVERSE = re.compile(r"[.·*\s]?(?<![0-9])([A-Za-zµ]+)-([123])(?=$|[.·\s])")
"""A unit raised to a negative power: « mU.L-1 », « mm-3 »."""
_INTERNATIONAL_UNIT = re.compile(r"(?<![\[A-Za-z])(?:UI|IU)\b|(?<=[kmunµ])(?:UI|IU)\b")

_PREFIXES = ("da", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "M", "G", "T")
_ANNOTATION = re.compile(r"\{[^}]*\}")
_KINDS = {
    "g": "mass", "mol": "subst", "eq": "subst", "osm": "osm", "U": "cat", "kat": "cat", "[IU]": "arb", "[iU]": "arb",
    "[arb'U]": "arb", "[CFU]": "num", "[CCID_50]": "num", "[PFU]": "num", "[GPL'U]": "arb", "[MPL'U]": "arb",
    "[APL'U]": "arb", "L": "vol", "l": "vol", "m": "length", "s": "time", "min": "time", "h": "time", "d": "time",
    "wk": "time", "mo": "time", "a": "time", "Pa": "pressure", "m[Hg]": "pressure", "%": "percent", "[pH]": "ph",
    "[iU]/L": "arb", "Cel": "temperature", "[BAU]": "arb", "[AU]": "arb", "[S]": "velocity", "[ppm]": "ratio",
    "[ppb]": "ratio", "[ppth]": "ratio", "[lb_av]": "mass", "[IU]/L": "arb", "[CAG'U]": "arb", "[USP'U]": "arb",
    "[todd'U]": "arb", "[dye'U]": "arb", "[beth'U]": "arb", "[Ch]": "length", "[in_i]": "length", "[diop]": "other",
}  # fmt: skip
_CONCENTRATIONS = {
    "mass": "mass_conc", "subst": "subst_conc", "cat": "cat_conc", "arb": "arb_conc", "num": "num_conc",
    "none": "num_conc", "log": "log_conc",
}  # fmt: skip
_RATES = {
    "mass": "mass_rate", "subst": "subst_rate", "cat": "cat_rate", "arb": "arb_rate", "num": "num_rate",
    "none": "num_rate", "vol": "vol_rate", "length": "velocity", "osm": "subst_rate",
}  # fmt: skip
_RATIOS = {
    ("mass", "subst"): "ratio_mass_subst", ("mass", "mass"): "ratio_mass_mass", ("subst", "subst"): "ratio_subst_subst",
    ("subst", "mass"): "subst_mass", ("cat", "mass"): "cat_ratio", ("arb", "mass"): "arb_mass", ("vol",
    "vol"): "percent",
    ("cat", "subst"): "cat_ratio", ("num", "mass"): "num_mass", ("none", "mass"): "num_mass", ("osm",
    "mass"): "osmolality",
    ("cat", "cat"): "ratio", ("cat", "none"): "cat_num", ("cat", "num"): "cat_num", ("arb", "subst"): "ratio_arb_subst",
    ("mass", "none"): "mass_num", ("mass", "num"): "mass_num", ("none", "none"): "ratio", ("num", "num"): "ratio",
    ("arb", "arb"): "ratio", ("subst", "none"): "subst_num", ("none", "subst"): "ratio", ("osm", "vol"): "osmolality",
}  # fmt: skip
_ALONE = {
    "mass": "mass", "subst": "subst", "cat": "cat", "arb": "arb", "vol": "vol", "length": "length", "time": "time",
    "pressure": "pressure", "percent": "percent", "ph": "ph", "temperature": "temperature", "num": "num",
    "velocity": "velocity", "ratio": "ratio", "osm": "osmolality",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitReading:
    """A unit as understood: UCUM alternatives and dimensions, empty when the spelling is unknown."""

    text: str
    ucum: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the spelling was recognised."""
        return bool(self.dimensions)


def _repaired(text: str) -> str:
    # A UTF-8 micro sign read as Windows-1252 is the most frequent damage in received files.
    return text.replace("Âµ", "µ").replace("Î¼", "µ").replace("Â°", "°")


@lru_cache(maxsize=4096)
def unit_key(text: str) -> str:
    """The spelling of a unit without spaces, typographic variants and case of no meaning; idempotent."""
    text = unicodedata.normalize("NFKC", _repaired(text)).replace("μ", "u").replace("µ", "u")
    text = text.translate(_SUPERSCRIPTS).replace("×", "x").replace("·", ".").replace("−", "-")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    return _SPACE.sub("", text.lower())


def ucum_dimension(ucum: str) -> str:
    """The dimension of a UCUM expression, in the words of the unit table; empty when it is none of them."""
    text = ucum.strip()
    if not text:
        return ""
    lowered = text.lower()
    if "log" in lowered:
        return "log_conc" if "/" in text else "log"
    if "titer" in lowered:
        return "titre"
    if "/[hpf]" in lowered or "/[lpf]" in lowered or "{hpf}" in lowered or "{lpf}" in lowered:
        return "per_field"
    if "1.73" in text:
        return "vol_rate_area"
    if "{index" in lowered:
        return "index"
    if "mom" in lowered.replace(".", ""):
        return "mom"
    if re.fullmatch(r"\{[^}]*(ratio|rto)[^}]*\}", lowered) or lowered in ("{inr}", "1"):
        return "ratio"
    if re.fullmatch(r"10[*^]\d+", text):
        return "num"
    if re.search(r"/100(?!\.?[mcd]?[lL]\b)", text):
        # A share of a hundred; what weighs in a hundred millilitres is a concentration.
        return "percent"
    parts = [_kind(part) for part in _split(text)]
    return _combine(parts)


def example_dimensions(units: str) -> tuple[str, ...]:
    """The dimensions of the example units of a term, which commas or semicolons part; none when they are unknown."""
    parts = [ucum_dimension(unit) for unit in units.replace(",", ";").split(";")]
    return tuple(dict.fromkeys(part for part in parts if part))


def _split(text: str) -> list[str]:
    text = _ANNOTATION.sub("", text).replace("(", "").replace(")", "")
    return text.split("/")


def _kind(part: str) -> str:
    part = re.sub(r"^(10\*-?\d+|10\^-?\d+|\d+(?:\.\d+)?)\.?", "", part.strip())
    part = re.sub(r"^\d+\.?", "", part)
    factors = [factor for factor in part.split(".") if factor and not factor.isdigit()]
    kinds = [_single_kind(factor) for factor in factors]
    kinds = [kind for kind in kinds if kind != "none"]
    return kinds[0] if kinds else "none"


def _single_kind(factor: str) -> str:
    if re.fullmatch(r"[cdmunpf]?m3", factor):
        return "vol"
    if re.fullmatch(r"[cmk]?m2", factor):
        return "area"
    factor = re.sub(r"(?<=[A-Za-z])-?\d+$", "", factor)
    if factor in _KINDS:
        return _KINDS[factor]
    for prefix in _PREFIXES:
        if factor.startswith(prefix) and factor[len(prefix) :] in _KINDS:
            return _KINDS[factor[len(prefix) :]]
    return "none" if not factor else "other"


def _combine(kinds: list[str]) -> str:
    numerator, *denominators = kinds
    if not denominators:
        return _ALONE.get(numerator, "")
    first = denominators[0]
    if numerator == "subst" and "time" in denominators and len(denominators) > 1:
        # Substance turned over in a time is an activity: nmol/h/mL is U/L, nmol/h/mg U/g; mmol/kg/24 h is not.
        of = next((kind for kind in denominators if kind != "time"), "")
        if of == "mass" and first == "mass":
            return "subst_rate"
        return {"vol": "cat_conc", "mass": "cat_ratio", "num": "cat_num", "none": "cat_num"}.get(of, "subst_rate")
    if first == "vol":
        if len(denominators) > 1 and denominators[1] == "time" and numerator == "mass":
            return "conc_rate"
        return _CONCENTRATIONS.get(numerator, _RATIOS.get((numerator, "vol"), ""))
    if first == "time" or (len(denominators) > 1 and denominators[-1] == "time"):
        return _RATES.get(numerator, "")
    return _RATIOS.get((numerator, first), "")


class UnitTable:
    """The French unit table, then UCUM for spellings that are UCUM already."""

    def __init__(self, rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]) -> None:
        self._exact = {expression: (ucum, dimensions) for expression, ucum, dimensions in rows}
        self._by_key: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for expression, ucum, dimensions in rows:
            self._by_key.setdefault(unit_key(expression), (ucum, dimensions))
        self._cache: dict[str, UnitReading] = {}

    def read(self, text: str) -> UnitReading:
        """Understand a unit as written; an unknown spelling gives a reading without dimension."""
        reading = self._cache.get(text)
        if reading is None:
            reading = self._cache[text] = self._read(text)
        return reading

    def is_unit(self, text: str) -> bool:
        """Whether this exact text is a spelling of the table (used for units glued in labels)."""
        return unit_key(text) in self._by_key

    def _found(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        return self._exact.get(text) or self._by_key.get(unit_key(text))

    def _read(self, text: str) -> UnitReading:
        written = _repaired(text).strip()
        stripped = _bare(written)
        if not stripped:
            return UnitReading(text)
        if divided := _divided(stripped):
            # Written in full, case says giga or gram: « G.L-1 » and « g.L-1 » are looked up as « G/L » and « g/L ».
            found = self._exact.get(divided) or self._exact.get(stripped) or self._found(divided)
            if found is not None:
                return _reading(text, *found)
        # Spaces say nothing and case does: « G / l » is giga per litre, like « G/l ».
        found = self._exact.get(_SPACE.sub("", stripped)) or self._found(written) or self._found(stripped)
        if found is not None:
            return _reading(text, *found)
        symbols = in_symbols(stripped)
        if symbols != stripped:
            found = self._found(symbols)
            if found is not None:
                return _reading(text, *found)
        if "[" in stripped and (dimension := ucum_dimension(_as_ucum(stripped))):
            # The brackets of UCUM belong to the unit: m[IU]/L is no count of megas.
            return UnitReading(text, (_as_ucum(stripped),), (dimension,))
        for variant in (*_variants(written), *_variants(stripped)):
            found = self._by_key.get(unit_key(variant))
            if found is not None:
                return _reading(text, *found)
        for spelling in (_as_ucum(stripped), _as_ucum(symbols)):
            # Nothing is measured in a cubic metre of blood: it is a slip for mm3, or for something else.
            if not spelling.endswith("/m3") and (dimension := ucum_dimension(spelling)):
                return UnitReading(text, (spelling,), (dimension,))
        return UnitReading(text)


def _divided(text: str) -> str:
    """A unit of one negative power with a slash instead, « G.L-1 » as « G/L »; empty for any other."""
    powers = text.translate(_SUPERSCRIPTS).replace("−", "-")
    if len(_INVERSE.findall(powers)) != 1:
        return ""
    return _INVERSE.sub(lambda match: f"/{match[1]}{match[2] if match[2] != '1' else ''}", powers)


def _bare(text: str) -> str:
    """A unit out of the brackets around it: (g/L), [mmol/L]; those of [IU]/mL are its own."""
    while len(text) > 1 and (text[0], text[-1]) in (("(", ")"), ("[", "]")):
        inner = text[1:-1]
        if any(mark in inner for mark in "()[]"):
            break
        text = inner.strip()
    return text.strip("() ").strip() if text.count("(") != text.count(")") else text.strip()


def _as_ucum(text: str) -> str:
    """A spelling with the letters of UCUM: micro, international units, powers of ten."""
    text = text.replace("µ", "u").replace("μ", "u").replace("10^", "10*").replace("x10*", "10*")
    return _INTERNATIONAL_UNIT.sub("[IU]", text)


def _reading(text: str, ucum: tuple[str, ...], dimensions: tuple[str, ...]) -> UnitReading:
    """A spelling of the table; one that means "no unit" (néant, sans unité) reads as an empty cell."""
    return UnitReading(text, ucum, dimensions) if ucum or dimensions else UnitReading("")


def _variants(text: str) -> list[str]:
    """Simpler spellings of the same unit: annotations dropped, comments in brackets dropped."""
    without_brackets = re.sub(r"[(\[{][^)\]}]*[)\]}]", "", text).strip()
    variants = [without_brackets] if without_brackets != text else []
    before_space = re.split(r"\s+(?:de|d'|of)\b", without_brackets)[0]
    if before_space != without_brackets:
        variants.append(before_space)
    variants.append(re.sub(r"\s+", "", text).replace("^", "*"))
    variants.append(re.sub(r"\s+", "", text).replace("**", "*"))
    for separator in (";", "|", ","):
        if separator in text:
            variants.append(text.split(separator)[0])
    return [variant for variant in variants if variant]


@lru_cache(maxsize=4)
def unit_table(rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]) -> UnitTable:
    """The reader of these rows (see `Tables.units`): whoever asks with the same rows shares it and what it has read."""
    return UnitTable(rows)
