"""How large a unit is: ng/mL and g/L are of one dimension, six powers of ten apart."""

import math
import re
from functools import lru_cache

_PREFIXES = {
    "": 0, "da": 1, "h": 2, "k": 3, "M": 6, "G": 9, "T": 12, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12,
    "f": -15, "a": -18,
}  # fmt: skip
_BASES = (
    "[IU]", "[iU]", "[arb'U]", "[CFU]", "[AU]", "[BAU]", "mol", "kat", "osm", "eq", "g", "U", "L", "l", "m", "s", "Pa",
)  # fmt: skip
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "wk": 604800.0}
_LITRES_OF_CUBES = {"m3": 3, "dm3": 0, "cm3": -3, "mm3": -6, "um3": -15}
_ANNOTATION = re.compile(r"\{[^}]*\}")
_POWER = re.compile(r"10[*^](-?[0-9]{1,2})")
_NUMBER = re.compile(r"[0-9]{1,18}")


@lru_cache(maxsize=8192)
def magnitude(ucum: str) -> float | None:
    """The power of ten of a UCUM unit against the base unit of its dimension (g, mol, L, count…); None when unknown.

    Only units of one dimension may be compared by it.
    """
    text = _ANNOTATION.sub("", ucum).replace("(", "").replace(")", "")
    if "log" in ucum.lower() or not ucum.strip():
        return None
    total = 0.0
    for place, part in enumerate(text.split("/")):
        size = _of_part(part)
        if size is None:
            return None
        total += -size if place else size
    return total


def _of_part(part: str) -> float | None:
    total = 0.0
    for factor in (factor for factor in part.split(".") if factor):
        size = _of_factor(factor)
        if size is None:
            return None
        total += size
    return total


def _of_factor(factor: str) -> float | None:
    power = _POWER.fullmatch(factor)
    if power:
        return float(power.group(1))
    if _NUMBER.fullmatch(factor):
        return math.log10(int(factor)) if int(factor) else None
    if factor in ("%", "[ppth]"):
        return -2.0 if factor == "%" else -3.0
    if factor in _SECONDS:
        return math.log10(_SECONDS[factor])
    if factor in _LITRES_OF_CUBES:
        return float(_LITRES_OF_CUBES[factor])
    for base in _BASES:
        prefix = factor[: -len(base)]
        if factor.endswith(base) and prefix in _PREFIXES:
            return float(_PREFIXES[prefix])
    return None
