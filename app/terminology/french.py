"""Our own French material beside the terms: the label shown as ours, and the words that a search accepts.

Nothing here is a LOINC name: these are expressions of our lexicon, that is, what laboratories write.
"""

from collections.abc import Iterable
from functools import lru_cache

from app.terminology.french_parts import METHOD_WORDS, SYSTEM_WORDS, TIME_WORDS
from app.terminology.words import asked_words, tokens
from loinc_data.tables import lexicon_entry, lexicon_files, load_tables, read_rows
from matcher.names import split_component
from matcher.types import LexiconEntry, Term

LABEL_KINDS = ("analyte", "synonym")
NOT_FRENCH_FILES = frozenset({"lexicon_english.csv"})
"""What laboratories write in English: good for searching, never a French label."""


def _fits(entry: LexiconEntry, term: Term) -> bool:
    """Whether the term has what the expression implies on the other axes."""
    pairs = (
        (entry.property, term.property),
        (entry.time, term.time_aspct),
        (entry.system, term.system),
        (entry.scale, term.scale_typ),
        (entry.method, term.method_typ),
    )
    return all(not implied or value in implied for implied, value in pairs)


def _is_restricted(entry: LexiconEntry) -> bool:
    return any((entry.property, entry.time, entry.system, entry.scale, entry.method))


class FrenchMaterial:
    """The lexicon turned round: from LOINC parts to the words of laboratories, and to a French label.

    `lexicon` gives the words, in any language; `french`, a part of it, the labels.
    """

    def __init__(self, lexicon: Iterable[LexiconEntry], french: Iterable[LexiconEntry]) -> None:
        self._labels: dict[str, list[LexiconEntry]] = {}
        self._entries: dict[str, list[LexiconEntry]] = {}
        self._expressions: dict[str, list[LexiconEntry]] = {}
        for entry in lexicon:
            if entry.component:
                self._expressions.setdefault(" ".join(asked_words(entry.expression)), []).append(entry)
            for component in entry.component:
                self._entries.setdefault(component, []).append(entry)
        for entry in french:
            if entry.component and entry.kind in LABEL_KINDS:
                self._labels.setdefault(entry.component[0], []).append(entry)
        for entries in self._labels.values():
            # Stable: in the order of the lexicon, analytes before synonyms and plain expressions first.
            entries.sort(key=lambda entry: (LABEL_KINDS.index(entry.kind), bool(entry.context), _is_restricted(entry)))

    def label(self, term: Term) -> str:
        """The first expression of the lexicon that names exactly the component of this term, or nothing."""
        for entry in self._labels.get(term.component, ()):
            if _fits(entry, term):
                return entry.expression
        return ""

    def words(self, term: Term) -> set[str]:
        """The folded French words under which laboratories know this term."""
        found: set[str] = set()
        for component in {term.component, split_component(term.component).analyte}:
            for entry in self._entries.get(component, ()):
                if _fits(entry, term):
                    found.update(tokens(entry.expression))
        found.update(SYSTEM_WORDS.get(term.system, "").split())
        found.update(METHOD_WORDS.get(term.method_typ, "").split())
        found.update(TIME_WORDS.get(term.time_aspct, "").split())
        return found

    def components(self, words: list[str]) -> dict[str, int]:
        """The components that these words name, when together they are an expression of the lexicon.

        Each comes with its rank among the alternatives, 0 for what is meant first.
        """
        ranks: dict[str, int] = {}
        for entry in self._expressions.get(" ".join(words), ()):
            for rank, component in enumerate(entry.component):
                ranks[component] = min(rank, ranks.get(component, rank))
        return ranks


@lru_cache(maxsize=1)
def french_material() -> FrenchMaterial:
    """The material that we ship."""
    french = (
        lexicon_entry(row)
        for path in lexicon_files()
        if path.name not in NOT_FRENCH_FILES
        for row in read_rows(path, ";")
    )
    return FrenchMaterial(load_tables().lexicon, french)
