"""What one HL7 v2 message says of one patient, put together as reports: results, and documents that are its forms."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from app.emitted.observed import ObservedReport, ObservedResult

REPLACING = frozenset({"RP", "RU", "RO", "RQ"})
"""Order controls (ORC-1) of what takes the place of an order: the national form writes RO."""
CANCELLING = frozenset({"CA", "OC", "CR"})


@dataclass(slots=True)
class Act:
    """One OBR with what its ORC says of it."""

    name: str = ""
    section: str = ""
    number: str = ""
    control: str = ""
    is_cancelled: bool = False
    has_observations: bool = False
    last_text: str = ""
    """Slot of the text whose lines are being read."""


@dataclass(slots=True)
class Group:
    """Gathers what one message says of one patient."""

    acts: list[Act] = field(default_factory=list)
    results: list[ObservedResult] = field(default_factory=list)
    documents: list[tuple[int, ObservedReport]] = field(default_factory=list)
    """With the number of acts read before."""
    words: list[frozenset[str]] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)
    """Slot -> how many results it holds already."""
    orphans: int = 0
    """Results that stand before any order."""
    in_order: bool = False
    in_specimen: bool = False
    has_encapsulated: bool = False
    """Whether a document stood there, readable or not."""
    is_of_results: bool = True
    """Whether its message is one of results, not one that only sends a document."""

    @property
    def act(self) -> Act | None:
        """The last one."""
        return self.acts[-1] if self.acts else None

    def reports(self, place: str, time: str, shared: str) -> Iterator[tuple[Act | None, ObservedReport]]:
        """Its reports: documents with the act that they stand under, then plain results unless a document tells them.

        `time` is the message's; `shared` is a key of what is one report there.
        """
        words = frozenset[str]().union(*self.words)
        orders = frozenset(act.number for act in self.acts if act.number)
        for act, document in self._forms(orders, shared):
            above = self.acts[act - 1] if act else Act()
            yield above, replace(document, identities=document.identities | words)
        if not self.is_of_results or any(document.results for _, document in self.documents):
            return
        if self.results or (self.acts and not self.has_encapsulated):
            controls = [act.control for act in self.acts]
            stands = any(not result.is_withdrawn for result in self.results)
            yield None, ObservedReport(
                place,
                orders | ({shared} if self.documents else frozenset()),
                tuple(self.results),
                True,
                version=(0, time),
                is_whole=bool(controls) and all(control in REPLACING for control in controls),
                is_deletion=not stands and bool(self.acts) and all(act.is_cancelled for act in self.acts),
                identities=words,
            )

    def _forms(self, orders: frozenset[str], shared: str) -> Iterator[tuple[int, ObservedReport]]:
        """The documents with the keys that make one report of them.

        A document without an identifier, a PDF, is told by the orders. Of several structured documents under one act,
        or several acts, each is a report of its own: only the first of each act has the forms laid out beside it.
        """
        has_own = any(document.keys for _, document in self.documents)
        is_single = sum(document.is_structured for _, document in self.documents) < 2
        taken: set[int] = set()
        for act, document in self.documents:
            keys = document.keys if has_own else document.keys | orders
            if is_single:
                keys |= {shared}
            elif not (document.is_structured and act in taken):
                keys |= {f"{shared}\x1f{act}"}
            if document.is_structured:
                taken.add(act)
            yield act, replace(document, keys=keys)
