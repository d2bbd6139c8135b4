"""The versions of a mapping that were signed whole and still stand, each with the moment that made it so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.versions import state, wording
from app.versions.schemas import Signature


@dataclass(frozen=True, slots=True)
class WholeVersion:
    """A version of which every chapter was signed, as it stood when the last signature that it needed was given."""

    number: int
    signature: Signature
    """The one that made it whole."""
    signatures: tuple[Signature, ...]
    """All that make it up, the oldest first."""

    @property
    def signed_at(self) -> datetime:
        """The clock of its state."""
        return self.signature.signed_at

    @property
    def label(self) -> str:
        """« Version 3, signée le … par … », as its documents say it."""
        return wording.signed_label(self.number, self.signatures)


def whole_versions(signatures: Sequence[Signature]) -> list[WholeVersion]:
    """The whole versions whose signatures all hold now, the oldest first; `signatures` are in their order."""
    numbers = sorted({signature.version for signature in signatures})
    return [found for number in numbers if (found := _whole(signatures, number)) is not None]


def _whole(signatures: Sequence[Signature], number: int) -> WholeVersion | None:
    for completing in signatures:
        if completing.version != number or not completing.completes or not completing.holds:
            continue
        until = [item for item in signatures if item.id <= completing.id]
        then = [_as_of(item, completing.signed_at) for item in until]
        names = {item.name for item in (*completing.carried, *completing.chapters)}
        chapters = state.covered(then, number)
        # A signature withdrawn since leaves its chapters without any: what was whole is so no more.
        if chapters.keys() == names == state.covered(until, number).keys():
            over = {item.id: item for chapter in chapters.values() for item in chapter.signatures}
            return WholeVersion(number, completing, tuple(over[key] for key in sorted(over)))
    return None


def _as_of(signature: Signature, moment: datetime) -> Signature:
    withdrawn = signature.withdrawn_at
    return replace(signature, withdrawn_at=None) if withdrawn is not None and withdrawn > moment else signature
