"""One person's age beside a result, in a text: « homme de 54 ans, glycémie 6,2 ».

Ranges of reference speak of ages and figures as well: « 18 à 50 ans », « Homme > 54 ans : 13-17 ». What tells them
apart: several people or a bound, a range for result, a word of reference before it, or a round age without analyte.
"""

import re
from dataclasses import dataclass
from enum import Enum
from itertools import islice

_ACCENTS = str.maketrans("éèêëûùüôöâäàáîïíçñ", "eeeeuuuooaaaaiiicn")
_UNIT = (
    r"(?P<unit{0}>ans?|annees?|mois|semaines?|sem|jours?|j|a(?!\s?\d)|years?|yrs?|y/?o|y|jahren?|jahre alt|jaar"
    r"|anni|anos)"
    r"(?:[ -]old)?(?![a-z0-9])"
)
_PERSON = (
    r"(?:patiente?|pte?|homme|femme|jh|jf|monsieur|madame|mademoiselle|mme|mlle|mr|m|h|f|garcon|garconnet|fille|fillette"
    r"|enfant|nourrisson|bebe|nouveau[- ]?nee?|nne?|adolescente?|ado|sujet|malade|dame|consultante?|parturiente"
    r"|donneu(?:r|se)|receveu(?:r|se)|personne|male|female|man|woman|boy|girl|mann|frau|junge|madchen|uomo|donna"
    r"|hombre|mujer|vrouw|w)"
)
_CERTAIN = re.compile(
    r"(?<![a-z])(?:patiente?|pte?|monsieur|madame|mademoiselle|mme|mlle|mr|m\.|malade|dame|consultante?)(?![a-z])"
)
"""Words of one person whom somebody has seen."""
_AGES = re.compile(
    rf"(?<![\w'’-]){_PERSON}(?![a-z])\.?[\s,:(/-]{{0,3}}(?:[a-z-]{{3,14}} ){{0,2}}(?:de |d'|d’|of |von "
    rf"|di )?(?P<n1>\d{{1,3}})[\s-]{{0,2}}"
    + _UNIT.format(1)
    + r"|(?<![\w.,/-])(?P<n2>\d{1,3})[\s-]{0,2}" + _UNIT.format(2) + rf"[\s,/(;:-]{{0,3}}{_PERSON}(?![a-z0-9'’])"
    + r"|(?<![a-z])agee?s? (?:de |d'|d’)?(?P<n3>\d{1,3})[\s-]{0,2}" + _UNIT.format(3)
    + r"|(?<![a-z])(?:age|aged|alter|eta|edad)\s{0,2}[:=]?\s{0,2}(?P<n4>\d{1,3})(?![\w]|[.,]\d)(?:[\s-]{0,2}"
    + _UNIT.format(4) + r")?|^\W{0,3}(?P<n5>\d{1,3})\s?" + _UNIT.format(5) + r"(?=\s?[,;:(-])"
    r"|^\W{0,3}[hf][/ ]?(?P<n6>[2-9]\d)(?=[ ,:;-])"
    rf"|(?<![\w'’-]){_PERSON}(?![a-z])\.?[\s,:(/-]{{0,3}}(?:[a-z-]{{3,14}} ){{0,2}}nee? en (?P<n7>19\d\d|20\d\d)(?!\w)"
)  # fmt: skip
_LIKELY = tuple(
    re.compile(pattern)
    for pattern in (
        r"\d[ \t\n\u00a0-]{0,2}(?:ans?\b|anni|a[nñ]os|ann[ée]e|mois|sem|jour|j\b|a\b|y(?:ear|rs?\b|/?o|\b)|ja[ah]r)",
        r"[âa]g[eé]|n[ée]e? en (?:19|20)",
        r"\b(?:alter|et[aà]|edad)\b",
        r"(?<![^\W_])[hf][/ ]?[2-9]\d\b",
    )
)
"""What a text in small letters must hold, one of them, to be looked at more closely; in a long one each alone is
searched faster than all together."""
_ANY_LIKELY = re.compile("|".join(pattern.pattern for pattern in _LIKELY))
_BOUND_BEFORE = re.compile(
    r"(?:[<>≤≥+±]=?|=<|\b(?:plus|moins) (?:de|d'|d’)|\bjusqu\w{0,3}(?: ?['’])?(?: ?a)?|\bpartir (?:de|d'|d’)"
    r"|\bdes|\bavant|\bapres"
    r"|\b(?:sup|inf)\w*(?: ou egal\w?)?(?: a)?|\bdela de|\bdessu?o?u?s de|\bentre|\bet|\ba|\bou|\bmini?\w{0,5}"
    r"|\bmaxi?\w{0,5}"
    r"|\bto|\bover|\bunder|\bover the age of|\bbis|\bab|\buber|\bunter|\d\s?[-–—/])\s*(?:l['’]age )?(?:de )?$"
)
_BOUND_AFTER = re.compile(
    r"\s*(?:et (?:plus|\+|au[- ]|moins|demi)|ou (?:plus|moins)|\+|revolus?|and (?:over|older|above)|max|min"
    r"|inclus|exclus"
    r"|(?:a|et|ou|-|–|—|/|to|bis)\s?\d{1,3}\s?(?:ans?|mois|a|j\w*|sem\w*|years?|y)\b|et\s?[<>]|>|<|≤|≥)"
)
_NUMBER = re.compile(r"(?<![\w.,/:-])(?<![<>≤≥±]\s)(?<![<>≤≥±])\d{1,7}(?P<decimals>[.,]\d{1,4})?(?![\d/:]|[.,]\d)")
_PART_OF_RANGE = re.compile(
    r"(?:\d\s?(?:[-–—/]|a|et|to|bis)|[\[\]]\s?(?:\d+[.,]?\d*\s?[;,-])?|(?:inf|sup)\w*\.?(?: ou egale?s?)?(?: a)?"
    r"|\b(?:plus|moins|dela|dessus|dessous) de|\bjusqu['’]?a|\bpartir de|\bentre|\bsi)\s?$"
)
_RANGE_AFTER = re.compile(r"\s?(?:(?:[-–—/]|a|et|to|bis)\s?\d|\+/-|±|[;,-]\s?\d+[.,]?\d*\s?[\[\]])")
_AGE_RANGE_AFTER = re.compile(r"\s?(?:[-–—/]|a|et|to|bis)\s?\d{1,3}(?![.,]?\d)")
_CODE_BEFORE = re.compile(
    r"\b(?:ca|facteur|hpv|type|niveau|grade|stade|groupe|lot|no|numero|page|version|tube|box|poste|tel|trisomie"
    r"|phase|index"
    r"|canal|code|chapitre|bh?n?|cotation|nabm|alerte|reference|score|cd|serotype|ch|vitamine [a-z]|interferon"
    r"|n°)\.?\s?$"
)
_NO_RESULT = re.compile(
    r"\s?(?:(?:ml|µl|μl|ul|cl)(?!\s?/)|mg(?![/\w])|[µμ]g(?![/\w])|g(?![/\w])|kg|cm|mm(?![a-z])|m2|m²|°|€|euros?\b"
    r"|(?:tubes?|gouttes?|flacons?|pots?|ecouvillons?|prelevements?|echantillons?|jours?|j|h|heures?|min|mn"
    r"|minutes?|s|sec"
    r"|mois|ans?|annees?|semaines?|sem|sa|fois|rpm|tr|bh?n?|e|er|eme|ieme|analyses?|lignes?|cas|patients?"
    r"|dossiers?|x|tests?"
    r"|doses?|lames?|spots?|taches?|cp|comprimes?|consultations?|examens?|dosages?|aliquots?|cycles?)(?![a-z/]))"
)
_LAB_UNIT = re.compile(
    r"\s?(?:%|‰|[a-zµμ]{1,6}\s?/\s?(?:l|dl|ml|cl|min|24|mmol|mol|g|h|[µμ]l|ul|mm|kg|j)|/\s?(?:mm|[µμ]l|ul"
    r"|champ)|giga|tera"
    r"|copies|log\b|mmhg|fl\b|pg\b|ui\b|ppm\b|mosm)"
)
_REFERENCE = re.compile(
    r"\b(?:norm\w*|refer\w*|v\.?r|v\.u|vn|usuel\w*|born\w*|interval\w*|seuils?|limit\w*|cibl\w*"
    r"|moyenn\w*|median\w*|percentil\w*"
    r"|(?<!/)max\w*|(?<!/)min\w*|risque\w*|exempl\w*|ex|population\w*|attendue?s?|physiologi\w*|cut[- ]?off"
    r"|recommand\w*"
    r"|depistage\w*|alerte\w*|hommes|femmes|adultes|enfants|sujets|patientes|patients|garcons|filles|nouveau[- ]?nes)\b"
)
_NAME_JUST_BEFORE = re.compile(
    r"(?P<name>[a-z][a-z0-9'’-]*\+?)\s?(?:(?:a|=|:|est a|est de|est|etait a|controlee? a|de|of|is|rendue? a)\s?)?$"
)
_END = re.compile(r"\s*(?:[,;.)(\n]|$|(?:et|au|a|ce|tel|chez|pour|en|hier|sur|for|in|bei)\b|controle)")
_NO_NAME = frozenset(
    "et ou de d a age agee ans an mois le la les du des un une sur pour pendant depuis avec dans sous en au aux "
    "par n no chez "
    "patient patiente homme femme m mme mr h f garcon fille enfant nourrisson bebe sexe il elle est the with of "
    "is mit und "
    "monsieur madame old ete avait a vu vue voir il y jours jour semaines soit environ male female man woman".split()
)
_WORD = re.compile(r"[a-z][a-z0-9+-]*")
_SAID = re.compile(
    r"\b(?:positi(?:f|ve)|negati(?:f|ve)|effondree?|elevee?|augmentee?|indetectable|detectee?|reacti(?:f|ve))\b"
    r"(?! (?:si|pour|a partir|attendu|des|quand|chez))"
)
_LONGEST, _STEP = 600, 400
"""A longer text is read in pieces of so many characters, that begin so far from each other."""
_SHORTEST = 5
_MOST_MATCHES, _MOST_AGES, _MOST_NUMBERS = 16, 6, 24
"""Of one piece: no more of them are looked at together."""
_AROUND = 40
_USUAL = frozenset({1, 2, 3, 4, 6, 12, 14, 16, 17, 18, 21})
_MOST = {"y": 115, "m": 36, "d": 90}


@dataclass(frozen=True, slots=True)
class _Age:
    start: int
    end: int
    is_usual: bool
    is_certain: bool
    needs_name: bool


def _plain(text: str) -> str:
    return text.lower().translate(_ACCENTS)


def _pieces(text: str) -> list[str]:
    return [_plain(text[start : start + _LONGEST]) for start in range(0, max(1, len(text) - _LONGEST + _STEP), _STEP)]


def _unit_kind(unit: str | None) -> str:
    if unit is None or unit[0] == "a" or unit[0] == "y" or unit.startswith(("jahr", "jaar")):
        return "y"
    return "m" if unit == "mois" else "d"


def _ages(plain: str) -> list[_Age]:
    """The exact ages of one person in a text; bounds and ranges are none."""
    found = []
    for match in islice(_AGES.finditer(plain), _MOST_MATCHES):
        group = next(place for place in "1234567" if match[f"n{place}"] is not None)
        number, unit = int(match[f"n{group}"]), match[f"unit{group}"] if group < "6" else None
        kind = _unit_kind(unit)
        if group == "7":
            found.append(_Age(match.start(), match.end(), False, _CERTAIN.search(match[0]) is not None, False))
            continue
        if number > _MOST[kind] or (group in "5" and (kind != "y" or number < 15)):
            continue
        start = match.start(f"n{group}")
        if _BOUND_BEFORE.search(plain[max(0, start - _AROUND) : start]):
            continue
        if unit is None and _AGE_RANGE_AFTER.match(plain, match.end(f"n{group}")):
            continue
        if _BOUND_AFTER.match(plain, match.end(f"unit{group}") if unit else match.end(f"n{group}")):
            continue
        found.append(
            _Age(
                match.start(),
                match.end(),
                is_usual=kind != "y" or number % 5 == 0 or number in _USUAL,
                is_certain=_CERTAIN.search(match[0]) is not None,
                needs_name=group in "56",
            )
        )
    return found


def may_tell(text: str) -> bool:
    """Whether a long text in small letters is worth a closer look."""
    return any(pattern.search(text) for pattern in _LIKELY)


class Aged(Enum):
    """What a text says of the age of one person."""

    NO = 0
    ALONE = 1
    """Her exact age."""
    WITH_RESULT = 2


def _may_tell(text: str) -> bool:
    return _ANY_LIKELY.search(text.lower()) is not None


def aged(text: str, *, is_reference: bool = False) -> Aged:
    """What a text says of the age of one person; see `tells_a_person`."""
    if len(text) < _SHORTEST or not _may_tell(text):
        return Aged.NO
    if tells_a_person(text, is_reference=is_reference):
        return Aged.WITH_RESULT
    return Aged.ALONE if _ages(_plain(text[:_LONGEST])) else Aged.NO


def tells_a_person(text: str, *, is_reference: bool = False, needs_name: bool = False) -> bool:
    """Whether a text gives the age of one person and a result of hers.

    `is_reference`: the heading says that the column holds ranges of reference, or conditions; `needs_name`: only what
    says its analyte is a result.
    """
    if len(text) < _SHORTEST or not _may_tell(text):
        return False
    return any(_tells(plain, is_reference=is_reference, needs_name=needs_name) for plain in _pieces(text))


def _tells(plain: str, *, is_reference: bool, needs_name: bool) -> bool:
    ages = _ages(plain)
    if not ages:
        return False
    if _REFERENCE.search(plain[: ages[0].start]):
        return False
    is_many = len(ages) > 1
    for age in ages[:_MOST_AGES]:
        if (is_many or is_reference) and age.is_usual and not age.is_certain:
            continue
        for match in islice(_NUMBER.finditer(plain), _MOST_NUMBERS):
            if not any(other.start <= match.start() < other.end for other in ages) and _is_result(
                plain, match, age, is_reference=is_reference, needs_name=needs_name
            ):
                return True
        said = _SAID.search(plain, age.end)
        if said and not is_reference and not age.needs_name:
            between = plain[age.end : said.start()]
            if (_names(between) or not age.is_usual) and _REFERENCE.search(between) is None:
                return True
    return False


def _names(text: str) -> bool:
    """Whether some word of a text may name an analyte."""
    return any(len(word) > 1 and word not in _NO_NAME for word in _WORD.findall(text))


def _is_result(
    plain: str, match: re.Match[str], age: _Age, *, is_reference: bool, needs_name: bool
) -> bool:
    """Whether a number is the result of the person whose age stands in the same text."""
    before, after = plain[max(0, match.start() - _AROUND) : match.start()], plain[match.end() : match.end() + _AROUND]
    if _PART_OF_RANGE.search(before) or _CODE_BEFORE.search(before):
        return False
    if _RANGE_AFTER.match(after) or _NO_RESULT.match(after):
        return False
    comes_after = match.start() >= age.end
    between = plain[age.end : match.start()] if comes_after else plain[: match.start()]
    if _REFERENCE.search(between):
        return False
    unit = _LAB_UNIT.match(after) is not None
    if not (match["decimals"] or unit):
        if len(match[0]) == 4 and match[0][:2] in ("19", "20"):
            return False  # A year.
        named = _NAME_JUST_BEFORE.search(before)
        ends = not after or _END.match(after) is not None
        if named is None or named["name"] in _NO_NAME or not ends:
            return False
        return not (is_reference and age.is_usual)
    if _names(between):
        return True
    if age.needs_name or needs_name or is_reference:
        return False
    return not age.is_usual
