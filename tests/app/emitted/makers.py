"""Reports as readers give them, in few words."""

from app.emitted.observed import CatalogueIndex, KnownAnalysis, ObservedReport, ObservedResult

SODIUM, GLUCOSE, CREATININE, IONOGRAM = "2951-2", "14749-6", "14682-9", "24321-2"
INDEX = CatalogueIndex(
    {
        "NA": KnownAnalysis(frozenset({SODIUM}), "Biochimie"),
        "GLU": KnownAnalysis(frozenset({GLUCOSE, "2345-7"}), "Biochimie"),
        "CREA": KnownAnalysis(frozenset(), "Biochimie"),
        "VS": KnownAnalysis(frozenset({"30341-2"}), "Hématologie", is_retired=True),
        "1-8": KnownAnalysis(frozenset(), ""),
    }
)


def result(
    local: str = "", loinc: str = "", unit: str = "", section: str = "", slot: str = "", *, withdrawn: bool = False
) -> ObservedResult:
    """One result; several codes are separated by spaces."""
    return ObservedResult(
        tuple(loinc.split()), tuple(local.split()), unit=unit, section=section, slot=slot, is_withdrawn=withdrawn
    )


def report(
    *results: ObservedResult,
    keys: str = "",
    replaces: str = "",
    version: tuple[int, str] = (0, ""),
    structured: bool = True,
    whole: bool = True,
    deletion: bool = False,
    persons: str = "",
) -> ObservedReport:
    """One report; keys and persons are separated by spaces."""
    return ObservedReport(
        "fichier 1",
        frozenset(keys.split()),
        results,
        is_structured=structured,
        version=version,
        replaces=frozenset(replaces.split()),
        is_whole=whole,
        is_deletion=deletion,
        identities=frozenset(persons.split()),
    )
