"""The national list of requests: one line a request, the same test of several laboratories or rows on one line.

The layout of the national form is not public: none was found. The columns are ours (`COLUMNS`), a setting chooses among
them and orders them (`national_request_columns`), and `docs/guide/demandes.md` describes them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.code_requests.repository import Found
from app.code_requests.wording import STATUS
from app.errors import InvalidInputError
from app.models import Level
from app.web.wording import LEVEL


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what only its row says, and what was searched for it."""

    found: Found
    reference: str
    """The public identifier of the row: it never changes."""
    signature: str
    """What makes two rows the same test (`matcher.knowledge.signature`)."""
    synonym: str
    property_kind: str
    timing: str
    scale: str
    nabm: str
    searched: str


@dataclass(frozen=True, slots=True)
class Group:
    """The requests of one signature."""

    asked: tuple[Asked, ...]
    """That of most volume first, then the oldest row."""

    @property
    def first(self) -> Asked:
        """The one that names the group."""
        return self.asked[0]

    def texts(self, said: Callable[[Asked], str]) -> str:
        """What each of them says, once each, those that say nothing left out."""
        return " | ".join(dict.fromkeys(text for text in map(said, self.asked) if text))

    @property
    def volume(self) -> str:
        """The known volumes together, empty when none is known.

        A test that a laboratory has under one code in several catalogues is done once: its largest volume counts.
        """
        known: dict[tuple[int, str], dict[int, int]] = {}
        for found in (item.found for item in self.asked):
            if found.volume is not None:
                catalogues = known.setdefault((found.laboratory_id, found.code), {})
                catalogues[found.catalogue_id] = catalogues.get(found.catalogue_id, 0) + found.volume
        return str(sum(max(catalogues.values()) for catalogues in known.values())) if known else ""


SETTING = "TRANSCODEUR_NATIONAL_REQUEST_COLUMNS"
COLUMNS: dict[str, tuple[str, Callable[[Group], str]]] = {
    "reference": ("Référence", lambda group: group.first.reference),
    "laboratoires": ("Laboratoires", lambda group: group.texts(lambda item: item.found.laboratory)),
    "niveau": ("Niveau", lambda group: LEVEL[Level(group.first.found.level)]),
    "codes_locaux": ("Codes locaux", lambda group: group.texts(lambda item: item.found.code)),
    "libelle": ("Libellé", lambda group: group.texts(lambda item: item.found.label)),
    "synonyme": ("Synonyme", lambda group: group.texts(lambda item: item.synonym)),
    "unite": ("Unité", lambda group: group.texts(lambda item: item.found.unit)),
    "milieu": ("Milieu", lambda group: group.texts(lambda item: item.found.specimen)),
    "technique": ("Technique", lambda group: group.texts(lambda item: item.found.technique)),
    "grandeur": ("Grandeur", lambda group: group.texts(lambda item: item.property_kind)),
    "temporalite": ("Temporalité", lambda group: group.texts(lambda item: item.timing)),
    "echelle": ("Échelle", lambda group: group.texts(lambda item: item.scale)),
    "nabm": ("Codes NABM", lambda group: group.texts(lambda item: item.nabm)),
    "volume": ("Volume annuel", lambda group: group.volume),
    "code_attente": ("Code d’attente", lambda group: group.texts(lambda item: item.found.waiting_code)),
    "systeme_attente": ("Système du code d’attente", lambda group: group.texts(lambda item: item.found.waiting_system)),
    "recherche": ("Recherche faite", lambda group: group.texts(lambda item: item.searched)),
    "motif": ("Motif", lambda group: group.texts(lambda item: item.found.reason)),
    "declaree_par": ("Déclarée par", lambda group: group.texts(lambda item: item.found.declared_by)),
    "approuvee_par": ("Approuvée par", lambda group: group.texts(lambda item: item.found.approved_by)),
    "etat": ("État", lambda group: group.texts(lambda item: STATUS[item.found.status].text)),
    "destinataire": ("Destinataire", lambda group: group.texts(lambda item: item.found.recipient)),
    "reference_externe": ("Référence du destinataire", lambda group: group.texts(lambda item: item.found.reference)),
}
"""The columns that a list may have, by their word in the setting."""


def columns_of(setting: str) -> list[str]:
    """The columns that the setting names, in its order; InvalidInputError names one unknown or written twice."""
    names = [name.strip() for name in setting.split(",") if name.strip()]
    wrong = next((name for place, name in enumerate(names) if name not in COLUMNS or name in names[:place]), "")
    if wrong:
        raise InvalidInputError(f"{SETTING} nomme une colonne inconnue ou répétée\u202f: «\u202f{wrong}\u202f».")
    if not names:
        raise InvalidInputError(f"{SETTING} ne nomme aucune colonne.")
    return names


def grouped(asked: Iterable[Asked]) -> list[Group]:
    """The requests by signature, in the order of their first labels."""
    by: dict[str, list[Asked]] = {}
    for item in asked:
        by.setdefault(item.signature, []).append(item)
    groups = [Group(tuple(sorted(items, key=_weight))) for items in by.values()]
    return sorted(groups, key=lambda group: (group.first.found.label.casefold(), group.first.found.row_id))


def _weight(item: Asked) -> tuple[int, int]:
    return -(item.found.volume or 0), item.found.row_id


def table_of(asked: Iterable[Asked], columns: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The headings and the lines of the list."""
    chosen = [COLUMNS[name] for name in columns]
    return [title for title, _ in chosen], [[said(group) for _, said in chosen] for group in grouped(asked)]
