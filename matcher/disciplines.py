"""Disciplines: how a biologist divides the laboratory, and the LOINC classes of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from matcher.types import Tables

OTHER = "other"
"""The discipline of what belongs to none."""
_PANEL = "PANEL."


@dataclass(frozen=True, slots=True)
class Disciplines:
    """The disciplines of the tables, in their order."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Key of a discipline -> its French name."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """LOINC class -> key of its discipline."""

    @classmethod
    def of(cls, tables: Tables) -> "Disciplines":
        """The disciplines that these tables hold."""
        names = {key: name for key, name, _ in tables.disciplines}
        return cls(names, {item: key for key, _, classes in tables.disciplines for item in classes})

    def of_class(self, class_name: str) -> str:
        """The key of the discipline of a LOINC class, `other` when it has none.

        A panel is of the discipline of its class, and what a class is divided into of that class: `PANEL.CHEM`,
        `MOLPATH.MUT`.
        """
        name = class_name.removeprefix(_PANEL)
        return self.keys.get(name) or self.keys.get(name.partition(".")[0], OTHER)

    def name(self, key: str) -> str:
        """The French name of a discipline."""
        return self.names.get(key, "autres disciplines")

    def in_sentence(self, key: str) -> str:
        """The French name of a discipline inside a sentence."""
        name = self.name(key)
        return name[:1].lower() + name[1:]
