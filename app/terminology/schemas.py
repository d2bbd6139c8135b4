"""What goes in and out of the terminology: filters of a search, a page of hits, the report of a load."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlmodel import Session

from app.models import LoincRelease, LoincTerm, User
from app.text import format_number

ReleaseChanged = Callable[[Session, LoincRelease, LoincRelease, User | None], object]
"""Told that a release came into service: (session, the one before, the new one, who did it)."""

Switch = Callable[[Session, User | None], object]
"""Writes, in the short transaction that changes the release in use, what was prepared for it: (session, who did it)."""
PrepareSwitch = Callable[[Engine, LoincRelease, LoincRelease], Switch]
"""Prepares, outside of any transaction, what a change of release asks for: (engine, the one before, the new one)."""
AlsoWritten = Callable[[Session, "LoadReport"], object]
"""Writes in the transaction that makes a release ready: (session, the report of its load)."""


def nothing_more(_session: Session, _report: "LoadReport") -> None:
    """Nothing else is written with a release that becomes ready."""


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """Values that the axes must have, exactly; an empty text lets everything through."""

    property: str = ""
    time_aspct: str = ""
    system: str = ""
    scale_typ: str = ""
    method_typ: str = ""
    class_name: str = ""
    status: str = ""
    order_obs: str = ""
    laboratory_only: bool = True
    """Leave out clinical terms, claims attachments and surveys; a code asked by number is always found."""

    any_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By column, several values of which an axis must have one."""

    def lets_through(self, term: LoincTerm) -> bool:
        """Whether a term has the values that are asked."""
        return all(getattr(term, axis) == value for axis, value in self.axes().items()) and all(
            getattr(term, axis) in values for axis, values in self.any_of.items()
        )

    def axes(self) -> dict[str, str]:
        """The axes that are restricted, by column."""
        names = (
            "property",
            "time_aspct",
            "system",
            "scale_typ",
            "method_typ",
            "class_name",
            "status",
            "order_obs",
        )
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best hits of a search, and how many there are in all (counted up to `COUNT_LIMIT`)."""

    terms: list[LoincTerm]
    total: int
    is_more: bool
    """Whether there are more than `total`."""


FEWEST_TERMS = 90_000
LEAST_SHARE = 0.9
"""Of the terms of the release in service: releases grow, and one that is so much smaller is cut."""


def few_terms(count: int, in_service: int | None) -> str:
    """Why so many terms are too few, beside those of the official release in service if any; else nothing."""
    if in_service is not None and count < LEAST_SHARE * in_service:
        return f"elle compte {format_number(count)} termes, la version utilisée {format_number(in_service)}"
    if in_service is None and count < FEWEST_TERMS:
        fewest = format_number(FEWEST_TERMS)
        return f"elle compte {format_number(count)} termes, une distribution complète de LOINC plus de {fewest}"
    return ""
"""Every release since 2.69 (2020) has more terms; a partial table is loaded, and said to be one."""


@dataclass(slots=True)
class LoadReport:
    """What a load did; `release_id` names the release in either case."""

    release_id: int
    version: str
    is_new: bool
    term_count: int = 0
    map_to_count: int = 0
    french_names: dict[str, int] = field(default_factory=dict)
    """Variant → number of names."""
    panel_members: int = 0
    lab_orders: int = 0
    in_service_terms: int | None = None
    """Terms of the official release in service, when there is one."""
    last_line_ends: bool = True
    """Whether the last line of Loinc.csv has its end."""
    removed: int = 0
    """Unfinished releases, left by loads that were killed, that were removed first."""
    is_used: bool = False
    """The release came into service at once."""
    waits_for_decisions: bool = False
    """Somebody has decided on this installation: a release that would replace another one waits for a person."""

    def sentence(self, is_asked: bool = False) -> str:
        """The outcome, in French; `is_asked` when it is put in service now, whatever it would have waited for."""
        removed = " Ce qu'un chargement interrompu avait laissé a été effacé." if self.removed else ""
        return f"{self._outcome()}{self._doubt()}{'' if is_asked else self._use()}{removed}"

    @property
    def doubt(self) -> str:
        """Why the table may be cut: nothing for a whole one.

        Such a release comes into service by itself only where there is no other: nothing could be looked up at all.
        """
        return ", ".join(filter(None, (self.cut_line, few_terms(self.term_count, self.in_service_terms))))

    @property
    def cut_line(self) -> str:
        """What the last line says."""
        return "" if self.last_line_ends else "la dernière ligne de sa table Loinc.csv n'a pas de fin"

    def _doubt(self) -> str:
        if not self.is_new:
            return ""
        if not self.last_line_ends or (self.in_service_terms is not None and self.doubt):
            return f" Attention\u202f: {self.doubt}. Sa table est sans doute coupée\u202f: reprenez l'archive."
        if self.term_count >= FEWEST_TERMS:
            return ""
        return (
            f" Attention\u202f: une distribution complète de LOINC compte plus de {format_number(FEWEST_TERMS)} "
            "termes. Si la vôtre devait l'être, sa table Loinc.csv est coupée\u202f: comparez son nombre de lignes."
        )

    def _use(self) -> str:
        if not self.is_new:
            return ""
        if self.is_used:
            why = "aucune autre n'était chargée" if self.waits_for_decisions else "rien n'était encore décidé"
            return f" Elle est utilisée dès maintenant\u202f: {why}."
        if self.doubt and self.in_service_terms is None and not self.waits_for_decisions:
            return (
                " Elle n'est pas utilisée d'elle-même\u202f: sa table paraît coupée. Vérifiez-la, puis mettez-la en "
                "service dans Administration > Terminologies."
            )
        if self.waits_for_decisions:
            return (
                " Elle n'est pas encore utilisée\u202f: des décisions existent. Regardez ce qu'elle change dans "
                "Administration > Terminologies, puis mettez-la en service."
            )
        return ""

    def _outcome(self) -> str:
        if not self.is_new:
            return f"La version {self.version} était déjà chargée\u202f: rien n'a changé."
        parts = [f"{self.term_count} termes", f"{self.map_to_count} remplacements"]
        parts += [f"{count} noms {variant}" for variant, count in self.french_names.items()]
        if self.panel_members:
            parts.append(f"{self.panel_members} lignes de panels")
        if self.lab_orders:
            parts.append(f"{self.lab_orders} demandes universelles")
        return f"LOINC {self.version} chargée\u202f: {', '.join(parts)}."
