"""Words of names that exclude each other: one code cannot be right for « IgG » and for « IgM ». Pure."""

from matcher.normalise.text import fold, words

NOT_SAID = "-"
FAMILIES: tuple[dict[str, str], ...] = (
    {"igg": "G", "igm": "M", "iga": "A", "ige": "E", "igd": "D"},
    {
        "total": "T", "totale": "T", "totaux": "T", "libre": "L", "conjugue": "C", "conjuguee": "C", "direct": "C",
        "directe": "C", "indirect": "N", "indirecte": "N",
    },
    {
        "sang": "B", "sanguin": "B", "sanguine": "B", "serum": "B", "serique": "B", "plasma": "B", "plasmatique": "B",
        "urine": "U", "urinaire": "U", "lcr": "L", "selle": "S", "salive": "V", "salivaire": "V",
    },
    {"avant": "B", "apres": "A"},
    {"qualitatif": "Q", "qualitative": "Q", "quantitatif": "N", "quantitative": "N"},
)  # fmt: skip
"""Words that exclude each other, each with the letter of what it says."""
FAMILY_WORDS = (
    "des classes d’anticorps différentes (IgG, IgM, IgA, IgE)",
    "des fractions différentes (total, libre, conjugué)",
    "des milieux différents (sang, urine, LCR, selles)",
    "des moments différents (avant, après)",
    "des natures différentes (qualitatif, quantitatif)",
)
"""What a family is about, in French, in the order of the letters of `opposed_of`."""
SPECIMENS = 2
"""The family that says nothing against a code whose system is of any specimen."""


def opposed_of(label: str, specimen: str) -> str:
    """One letter for each family: what the row says, or `-` where it says nothing or several things."""
    said = set(fold(label).replace("/", " ").replace("-", " ").split()) | set(words(label))
    where = set(words(specimen))
    letters = []
    for number, family in enumerate(FAMILIES):
        found = {letter for word, letter in family.items() if word in said}
        if number == SPECIMENS and not found:
            found = {letter for word, letter in family.items() if word in where}
        letters.append(found.pop() if len(found) == 1 else NOT_SAID)
    return "".join(letters)


def opposition(one: str, other: str) -> int | None:
    """The first family of which two rows say different things; None when they are compatible."""
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if NOT_SAID not in (mine, theirs) and mine != theirs:
            return number
    return None


def takes_any_specimen(system: str) -> bool:
    """Whether a code of this LOINC system is of any specimen: rows of several specimens may share it."""
    return "XXX" in system or "^Patient" in system
