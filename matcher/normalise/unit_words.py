"""Units written in words: « millimoles par litre », « 10 puissance 9 par litre », « mg par g de créatinine »."""

import re
import unicodedata

_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?|\S")
_PREFIXES = {
    "tera": "T", "giga": "G", "mega": "M", "kilo": "k", "hecto": "h", "deca": "da", "deci": "d", "centi": "c",
    "milli": "m", "micro": "µ", "nano": "n", "pico": "p", "femto": "f",
}  # fmt: skip
_STEMS = {
    "gramme": "g", "gr": "g", "gram": "g", "litre": "L", "liter": "L", "mole": "mol", "molecule": "mol", "metre": "m",
    "katal": "kat", "kat": "kat", "osmole": "osm", "osmol": "osm", "equivalent": "eq", "unite": "U", "pascal": "Pa",
    "mol": "mol", "seconde": "s",
}  # fmt: skip
_WORDS = {
    "par": "/", "pour": "/", "per": "/", "puissance": "^", "heure": "h", "hour": "h", "minute": "min", "jour": "24h",
    "day": "24h", "milliard": "10^9", "million": "10^6", "giga": "G", "tera": "T", "mega": "M", "cube": "3",
    "cubique": "3", "carre": "2", "iu": "UI",
}  # fmt: skip
_APOSTROPHES = ("'", "’")
_INTERNATIONAL = frozenset({"internationale", "international"})
_OF = frozenset({"de", "d", "of", "du", "des"})
_NAMES_OF_MATTER = re.compile(
    r"^(?:creat\w*|hemoglobine?|hb|eau|water|proteines?|prot|tissu|selles?|urines?|sang|plasma|serum|matiere|poids)$"
)
_PARTED = re.compile(
    rf"\b({'|'.join(_PREFIXES)}|téra|méga|déca|déci)[\s-]+(?=(?:{'|'.join(_STEMS)}|équivalent|unité|mètre))",
    re.IGNORECASE,
)
_SHARES = (
    (re.compile(r"^\W*pour\s*cents?\W*$", re.IGNORECASE), "%"),
    (re.compile(r"^\W*pour\s*mille\W*$", re.IGNORECASE), "‰"),
    # Grams in a hundred: of millilitres, as laboratories weigh.
    (re.compile(r"\s+pour\s*cents?\b(?:\s*(?:ml|millilitres?)\b)?", re.IGNORECASE), "/100mL"),
)
_UNIT_OF_WORDS = re.compile(rf"^({'|'.join(_PREFIXES)})?({'|'.join(_STEMS)})$")


def in_symbols(text: str) -> str:
    """The unit in symbols, spaces dropped: `mmol/L` of « millimoles par litre ».

    Symbols are left as they are; IU becomes UI.
    What is said of the denominator's matter (de créatinine, d'eau) is dropped. Empty for an empty text.
    """
    text = _PARTED.sub(r"\1", text)
    for pattern, symbol in _SHARES:
        text = pattern.sub(symbol, text)
    tokens = [(token, _folded(token)) for token in _TOKEN.findall(text)]
    parts: list[str] = []
    for position, (token, folded) in enumerate(tokens):
        if folded in _OF:
            # De créatinine, d'hémoglobine glyquée: nothing that follows belongs to the unit.
            break
        if folded in _INTERNATIONAL or token in _APOSTROPHES:
            continue
        if parts and "/" in "".join(parts) and _NAMES_OF_MATTER.match(folded):
            break
        following = tokens[position + 1][1] if position + 1 < len(tokens) else ""
        parts.append(_symbol(token, folded, following))
    return _duration("".join(parts))


def _folded(token: str) -> str:
    text = unicodedata.normalize("NFKD", token.lower())
    text = "".join(char for char in text if not unicodedata.combining(char))
    return text[:-1] if len(text) > 3 and text.endswith("s") else text


def _symbol(token: str, folded: str, following: str) -> str:
    if folded in _WORDS:
        return _WORDS[folded]
    found = _UNIT_OF_WORDS.match(folded)
    if found is None or len(folded) < 4:
        return token
    stem = "UI" if found.group(2) == "unite" and following in _INTERNATIONAL else _STEMS[found.group(2)]
    return _PREFIXES.get(found.group(1) or "", "") + stem


def _duration(text: str) -> str:
    """24 heures, written « /24h » whether the day or its hours were named."""
    return text.replace("/2424h", "/24h").replace("/124h", "/24h")
