"""What is known of LOINC when the lexicon and tables are checked: starter terms, and a release when one is given."""

from collections.abc import Iterable, Mapping, Set

from matcher.names import name_words, split_component
from matcher.types import Term


class Known:
    """Components, systems, methods and challenges of LOINC terms, and components vouched for beside them."""

    def __init__(
        self, terms: Iterable[Term], vouched: Mapping[str, Set[str]] | None = None, *, is_release: bool = False
    ) -> None:
        """`vouched` holds, by axis, the LOINC values beside those of the terms."""
        beside = vouched or {}
        self.is_release = is_release
        """Whether a component that is not here is wrong; the starter terms alone cannot tell."""
        self.systems: set[str] = set(beside.get("system", ()))
        self.methods: set[str] = set(beside.get("method", ()))
        self.challenges: set[str] = set()
        self.usual_systems: dict[str, set[str]] = {}
        self._names: set[str] = {name.lower() for name in beside.get("component", ())}
        texts: set[str] = set(beside.get("component", ()))
        for term in terms:
            name = split_component(term.component)
            self._names.add(term.component.lower())
            self._names.add(name.analyte.lower())
            self.systems.add(term.system)
            self.methods.add(term.method_typ)
            self.challenges.add(name.challenge)
            texts.add(term.component)
            if term.usage in (1, 2):
                self.usual_systems.setdefault(name.analyte.lower(), set()).add(term.system)
        self._words = "\n".join(f" {' '.join(name_words(text))} " for text in texts)

    def has_component(self, component: str) -> bool:
        """Whether a text is a COMPONENT, the analyte of one, or a sequence of words inside one."""
        analyte = split_component(component).analyte
        if not analyte or component.lower() in self._names or analyte.lower() in self._names:
            return True
        return f" {' '.join(name_words(analyte))} " in self._words
