"""What one HL7 v2 message says of one patient, put together as reports: results, and documents that are its forms."""

from collections.abc import Callable, Iterable, Iterator
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
    is_corrected: bool = False
    """Whether all its results are sent again, corrected."""
    has_observations: bool = False
    last_text: str = ""
    """Slot of the text whose lines are being read."""


@dataclass(slots=True)
class Group:
    """Gathers what one message says of one patient."""

    acts: list[Act] = field(default_factory=list)
    results: list[tuple[int, ObservedResult]] = field(default_factory=list)
    """With the place, among the acts, of the one above."""
    documents: list[tuple[int, ObservedReport]] = field(default_factory=list)
    """With the number of acts read before."""
    words: list[frozenset[str]] = field(default_factory=list)
    times: dict[tuple[str, str], int] = field(default_factory=dict)
    """Order and slot -> how many results it holds already."""
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

    def reports(self, place: str, time: str, shared: str) -> Iterator[ObservedReport]:
        """Its reports: documents, then the plain results that they do not repeat.

        `time` is the message's; `shared` is a key of what is one report there.
        """
        words = frozenset[str]().union(*self.words)
        for document in self._forms(_numbers(self.acts), shared):
            yield replace(document, identities=document.identities | words)
        if not self.is_of_results:
            return
        is_beside = any(document.results for _, document in self.documents)
        plain = self._not_repeated() if is_beside else self.results
        acts = [self.acts[place] for place in dict.fromkeys(act for act, _ in plain)] if is_beside else self.acts
        if plain or (self.acts and not self.has_encapsulated):
            controls = [act.control for act in acts]
            standing = {id(self.acts[place]) for place, result in plain if not result.is_withdrawn}
            empty = [act for act in acts if act.is_cancelled and id(act) not in standing]
            again = [act for act in acts if act.is_corrected] + empty
            renewed = [act for act in acts if act.control in REPLACING] + empty
            yield ObservedReport(
                place,
                _numbers(acts) | (frozenset({shared}) if self.documents and not is_beside else frozenset()),
                tuple(result for _, result in plain),
                True,
                version=(0, time),
                is_whole=bool(controls) and all(control in REPLACING for control in controls),
                renews=_all_that(acts, lambda act: act.name, again),
                orders=tuple(self.acts[act].number for act, _ in plain),
                numbers=_numbers(acts),
                renewed=_all_that(acts, lambda act: act.number, renewed) - {""},
                is_deletion=not standing and bool(acts) and all(act.is_cancelled for act in acts),
                identities=words,
            )

    def _not_repeated(self) -> list[tuple[int, ObservedResult]]:
        """The plain results that the documents do not say: of other orders, and of codes that no document has."""
        telling = [(self.acts[act - 1] if act else Act(), document) for act, document in self.documents]
        numbers = {act.number for act, document in telling if document.results}
        same = {place for place, act in enumerate(self.acts) if act.number and act.number in numbers}
        same |= {act - 1 for act, document in self.documents if document.results}
        codes = {code for _, document in telling for result in document.results for code in _codes(result)}
        return [(act, result) for act, result in self.results if act not in same and codes.isdisjoint(_codes(result))]

    def _forms(self, orders: frozenset[str], shared: str) -> Iterator[ObservedReport]:
        """The documents with the keys that make one report of them.

        A document without an identifier, a PDF, is told by the orders. Of several structured documents under one act,
        or several acts, each is a report of its own: only the first of each act has the forms laid out beside it.
        """
        forms = [(act, document) for act, document in self.documents if not _names_nothing(document)]
        has_own = any(document.keys for _, document in forms)
        is_single = sum(document.is_structured for _, document in forms) < 2
        taken: set[int] = set()
        for act, document in self.documents:
            if _names_nothing(document):
                yield document
                continue
            keys = document.keys if has_own else document.keys | orders
            if is_single:
                keys |= {shared}
            elif not (document.is_structured and act in taken):
                keys |= {f"{shared}\x1f{act}"}
            if document.is_structured:
                taken.add(act)
            yield replace(document, keys=keys)


def _all_that(acts: Iterable[Act], named: Callable[[Act], str], chosen: Iterable[Act]) -> frozenset[str]:
    """The names of these acts that no other one bears."""
    places = {id(act) for act in chosen}
    return frozenset(named(act) for act in acts if id(act) in places) - {
        named(act) for act in acts if id(act) not in places
    }


def _numbers(acts: Iterable[Act]) -> frozenset[str]:
    return frozenset(act.number for act in acts if act.number)


def _codes(result: ObservedResult) -> tuple[str, ...]:
    return (*result.loinc, *result.local)


def _names_nothing(document: ObservedReport) -> bool:
    """Whether it takes back what its order was sent, and is no form of anything."""
    sending = document.sending
    return document.is_deletion and not document.keys and sending is not None and bool(sending.supersedes)
