"""Which documents are one report, and what its last version says: corrections, replacements, deletions.

Documents come in any order: a correction may be read before what it corrects. Nothing here knows what a result is
beyond its number, so that ten thousand reports are held in a few megabytes.
"""

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from app.emitted.observed import ObservedReport, Sending

WITHDRAWN = -1
"""Instead of what a result carries: the report takes it back."""
_NO_SLOT = 0
_NO_ORDER = 0
_NO_ACT = -1
"""No text hashes to it."""


@dataclass(slots=True)
class Document:
    """One document as it was read: what relates it to others, and its results as (slot, what it carries)."""

    order: int
    number: int
    time: str
    keys: frozenset[str]
    replaces: frozenset[str]
    is_structured: bool
    is_whole: bool
    is_deletion: bool
    identities: frozenset[str]
    sending: Sending | None = None
    renews: frozenset[int] = frozenset()
    """Acts of which it says all results again."""
    missing: frozenset[str] = frozenset()
    place: str = ""
    """Where it stands, if it refers to results that are missing there."""
    slots: "array[int]" = field(default_factory=lambda: array("q"))
    acts: "array[int]" = field(default_factory=lambda: array("q"))
    orders: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: frozenset[int] = frozenset()
    """Orders of which it says something, where it says nothing of others."""
    renewed: frozenset[int] = frozenset()
    """Those of them of which it says all results again, or takes them back."""
    carried: "array[int]" = field(default_factory=lambda: array("q"))

    @classmethod
    def of(cls, report: ObservedReport, order: int, identities: frozenset[str]) -> "Document":
        """A report as the reader gives it, the `order`-th of its run, still without results."""
        number, time = report.version
        return cls(
            order,
            number,
            time,
            report.keys,
            report.replaces,
            report.is_structured,
            report.is_whole,
            report.is_deletion,
            identities,
            report.sending,
            frozenset(map(hash, report.renews)),
            report.missing,
            report.place if report.missing else "",
            numbers=frozenset(map(hash, report.numbers)),
            renewed=frozenset(map(hash, report.renewed)),
        )

    def add(self, slot: str, carried: int, order: str = "") -> None:
        """One more result. Slots are told apart by 64 bits: identifiers of results are long, and as many."""
        self.orders.append(hash(order) if order else _NO_ORDER)
        self.slots.append(hash(slot) or 1 if slot else _NO_SLOT)
        self.acts.append(hash(slot.partition("\x1f")[0]))
        self.carried.append(carried)


@dataclass(frozen=True, slots=True)
class Report:
    """One report, once its documents were put together."""

    identities: frozenset[str]
    """Of all its documents, those that no longer count too."""
    carried: Sequence[int]
    """What each of its results carries."""
    is_structured: bool
    """Whether one of the documents that count may carry results in a structure."""
    is_deleted: bool
    """Whether it was taken back as a whole: it counts no more."""
    incomplete_at: str = ""
    """Where a document of it stands that refers to results which no file holds; empty for none."""


def merged(documents: Sequence[Document]) -> Iterator[Report]:
    """The reports of these documents, in the order in which their first documents were read; a deletion of what was
    not read is none."""
    _find_superseded(documents)
    for group in _groups(documents):
        if all(document.is_deletion for document in group):
            continue
        living = _living(group)
        structured = [document for document in living if document.is_structured]
        says_some = any(not document.is_deletion for document in structured)
        identities = frozenset(chain.from_iterable(document.identities for document in group))
        yield Report(identities, _carried(structured), says_some, not living, _incomplete(living))


def _incomplete(documents: Sequence[Document]) -> str:
    if not any(document.missing for document in documents):
        return ""
    holding = Counter(chain.from_iterable(document.keys for document in documents))
    for document in documents:
        if any(holding[key] <= (key in document.keys) for key in document.missing):
            return document.place
    return ""


def _find_superseded(documents: Sequence[Document]) -> None:
    """Have the documents that replace or take back what an order was sent name it: what its last message before them
    carried, in whatever order the two were read."""
    sent: dict[str, list[Document]] = defaultdict(list)
    for document in sorted(documents, key=_moment):
        if document.sending is not None and not document.is_deletion:
            for number in document.sending.orders:
                sent[number].append(document)
    moments = {number: [_moment(document) for document in found] for number, found in sent.items()}
    for document in documents:
        if document.sending is None or not document.sending.supersedes:
            continue
        before: dict[str, int] = {}
        """Number -> the place, among what came under it, of the last document of another message before this one."""
        for number in document.sending.supersedes:
            at = bisect_left(moments.get(number, []), _moment(document)) - 1
            while at >= 0 and _message(sent[number][at]) == document.sending.message:
                at -= 1
            if at >= 0:
                before[number] = at
        if not before:
            continue
        last = _message(max((sent[number][at] for number, at in before.items()), key=_moment))
        replaced: list[Document] = []
        for number, at in before.items():
            while at >= 0 and _message(sent[number][at]) == last:
                replaced.append(sent[number][at])
                at -= 1
        keys = frozenset(chain.from_iterable(other.keys for other in replaced))
        if document.is_deletion:
            # It ranks after what it takes back, whatever moment that bears itself.
            document.keys |= keys
            document.number, document.time = max((other.number, other.time) for other in replaced)
        else:
            document.replaces |= keys - document.keys


def _moment(document: Document) -> tuple[str, int]:
    """When it was sent; without a time, or at one time, as it was read."""
    return (document.sending.time if document.sending is not None else "", document.order)


def _message(document: Document) -> str:
    return document.sending.message if document.sending is not None else ""


def _groups(documents: Sequence[Document]) -> Iterable[list[Document]]:
    """Documents that share a key, or of which one names another as replaced, directly or through others."""
    parents = list(range(len(documents)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    first_of: dict[str, int] = {}
    for place, document in enumerate(documents):
        for key in chain(document.keys, document.replaces):
            one, other = root(first_of.setdefault(key, place)), root(place)
            parents[max(one, other)] = min(one, other)
    groups: dict[int, list[Document]] = defaultdict(list)
    for place, document in enumerate(documents):
        groups[root(place)].append(document)
    return groups.values()


def _living(group: list[Document]) -> list[Document]:
    """The documents that nothing replaced whole and no deletion took back, the last version last."""
    is_numbered = all(document.number for document in group)

    def rank(document: Document) -> tuple[int, str, int, bool, int]:
        # A message without number stands among numbered documents by its time; what takes a stated version back is
        # said after it, although it is read before.
        takes_back = document.is_deletion and bool(document.number or document.time)
        return (document.number if is_numbered else 0, document.time, document.number, takes_back, document.order)

    def states_later(one: Document, other: Document) -> bool:
        if is_numbered and one.number != other.number:
            return one.number > other.number
        return bool(one.time and other.time) and one.time > other.time

    def is_replaced_by(one: Document, other: Document) -> bool:
        if one is other or states_later(one, other):
            return False
        if one.replaces.isdisjoint(other.keys):
            return True
        # Each names the other, as all versions of a set do that name the set: forms of one version stay side by
        # side, else the last one stays.
        return one.is_structured is other.is_structured and rank(other) > rank(one)

    naming: dict[str, list[Document]] = defaultdict(list)
    for document in group:
        for key in document.replaces:
            naming[key].append(document)
    ranked = sorted(group, key=rank)
    # A deletion takes the whole back once no order stands of which the report says something.
    standing: set[int] = set()
    last_deletion = -1
    for place, document in enumerate(ranked):
        if not document.is_deletion:
            emptied = document.renewed.difference(document.orders) if document.renewed else frozenset[int]()
            standing |= document.numbers
            standing -= emptied
        else:
            standing -= document.renewed or set(standing)
            if not standing:
                last_deletion = place
    kept = ranked[last_deletion + 1 :]
    living = [
        one
        for one in kept
        if not any(is_replaced_by(one, other) for key in one.keys for other in naming.get(key, ()))
    ]
    # Documents that replace each other in a circle do not make their report vanish.
    return living or kept[-1:]


def _carried(documents: Sequence[Document]) -> list[int]:
    """What the results carry after the last document that says all of them, and the corrections that follow."""
    wholes = [place for place, document in enumerate(documents) if document.is_whole and not document.renewed]
    held: dict[int, dict[int, dict[int, list[int]]]] = {}
    """Order -> act, where one is renewed -> slot -> what its results carry."""
    renews = any(document.renews for document in documents)
    for document in documents[wholes[-1] if wholes else 0 :]:
        for order in (*document.renewed, *((_NO_ORDER,) if document.renewed and document.is_whole else ())):
            held.pop(order, None)
        for order in (document.numbers or {_NO_ORDER}) if document.renews else ():
            for act in document.renews:
                held.get(order, {}).pop(act, None)
        said: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(dict)
        for order, act, slot, carried in zip(
            document.orders, document.acts, document.slots, document.carried, strict=True
        ):
            slots = said[order, _NO_ACT if slot == _NO_SLOT or not renews else act]
            if carried != WITHDRAWN:
                slots.setdefault(slot, []).append(carried)
            elif slot != _NO_SLOT:
                slots[slot] = []
        for (order, act), slots in said.items():
            known = held.setdefault(order, {}).setdefault(act, {})
            unplaced = known.get(_NO_SLOT, [])
            unplaced += slots.pop(_NO_SLOT, ())
            known |= slots
            if unplaced:
                known[_NO_SLOT] = unplaced
    found = (slots.values() for acts in held.values() for slots in acts.values())
    return list(chain.from_iterable(chain.from_iterable(found)))
