"""At which version a mapping is, from its signatures and the marks of its chapters. Pure: no database, no clock.

A version is made of the chapters that its signatures cover: those signed in it, and those signed before that had not
changed. A signature joins the last version as long as nothing that was signed in it has changed and it is not whole;
otherwise it begins the next one. A number is never given twice, also when signatures were withdrawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.versions import wording
from app.versions.schemas import ChapterMark, Signature, SignedChapter, VersionState


@dataclass(frozen=True, slots=True)
class CoveredChapter:
    """A chapter of a version, and the signatures that hold over it as it was signed."""

    signed: SignedChapter
    release_version: str
    signatures: tuple[Signature, ...]


def last_number(signatures: Sequence[Signature]) -> int:
    """The number of the last version; 0 when nothing was ever signed."""
    return max((signature.version for signature in signatures), default=0)


def covered(signatures: Sequence[Signature], number: int) -> dict[str, CoveredChapter]:
    """The chapters of a version by name, from the signatures that hold; withdrawn ones cover nothing."""
    holding = [signature for signature in signatures if signature.holds and signature.version <= number]
    last = next((signature for signature in reversed(holding) if signature.version == number), None)
    if last is None:
        return {}
    found = {}
    for chapter in (*last.carried, *last.chapters):
        over = tuple(
            signature for signature in holding if any(item.sha256 == chapter.sha256 and item.name == chapter.name
                                                      for item in signature.chapters)
        )  # fmt: skip
        if over:
            found[chapter.name] = CoveredChapter(chapter, last.release_version, over)
    return found


def is_unchanged(chapter: CoveredChapter, marks: Mapping[str, ChapterMark], release_version: str) -> bool:
    """Whether nothing can have changed in a chapter since it was signed."""
    return chapter.release_version == release_version and marks.get(chapter.signed.name) == chapter.signed.mark


def signable(marks: Mapping[str, ChapterMark]) -> list[str]:
    """The chapters where something is approved, by name: there is nothing to sign in the others."""
    return sorted(name for name, mark in marks.items() if mark[1])


def state_of(
    signatures: Sequence[Signature], marks: Mapping[str, ChapterMark], release_version: str
) -> VersionState:
    """At which version the mapping is."""
    number = last_number(signatures)
    if not number:
        return VersionState(0, False, False, wording.NEVER_SIGNED, "", ())
    chapters = covered(signatures, number)
    if not chapters:
        return VersionState(number, False, False, wording.withdrawn_label(number), "", ())
    over = {signature.id: signature for chapter in chapters.values() for signature in chapter.signatures}
    ours = tuple(over[key] for key in sorted(over))
    last = [signature for signature in ours if signature.version == number][-1]
    is_whole = last.completes and {item.name for item in (*last.carried, *last.chapters)} == chapters.keys()
    is_changed = any(not is_unchanged(chapter, marks, release_version) for chapter in chapters.values())
    missing = [name for name in signable(marks) if name not in chapters]
    if is_changed or (is_whole and missing):
        label = wording.changed_since(number)
    elif is_whole:
        label = wording.signed_label(number, ours)
    else:
        label = wording.partly_signed(number, len(chapters), len(chapters) + len(missing))
    is_signed = is_whole and not is_changed and not missing
    return VersionState(number, is_signed, is_whole, label, last.mapping_sha256, ours)


def is_signed_by(signatures: Sequence[Signature], signer_id: int, chapters: Sequence[SignedChapter]) -> bool:
    """Whether the last version already holds each of these chapters, as it stands, signed by this person.

    An older version does not count: what she signed there may have changed, then come back as it was, and only another
    signature says so.
    """
    last = covered(signatures, last_number(signatures))
    return all(
        chapter.name in last
        and (last[chapter.name].signed.sha256, last[chapter.name].signed.mark) == (chapter.sha256, chapter.mark)
        and signer_id in {signature.signer_id for signature in last[chapter.name].signatures}
        for chapter in chapters
    )


def next_number(signatures: Sequence[Signature], hashes: Mapping[str, str], mapping_sha256: str) -> int:
    """The version that a signature given now belongs to; `hashes`: chapter -> SHA-256 of its content as it stands."""
    number = last_number(signatures)
    holding = [signature for signature in signatures if signature.version == number and signature.holds]
    if not holding:
        return number + 1
    whole = [signature for signature in signatures if signature.version == number and signature.completes]
    if whole:
        # What was given out as this version is never another mapping.
        return number if whole[-1].mapping_sha256 == mapping_sha256 else number + 1
    is_same = all(
        hashes.get(chapter.name) == chapter.sha256 for signature in holding for chapter in signature.chapters
    )
    return number if is_same else number + 1


def still_signed(signatures: Sequence[Signature], hashes: Mapping[str, str]) -> dict[str, SignedChapter]:
    """The chapters whose content as it stands somebody signed, in a signature that holds; the last one of each."""
    found = {}
    for signature in signatures:
        if signature.holds:
            found.update(
                {chapter.name: chapter for chapter in signature.chapters if hashes.get(chapter.name) == chapter.sha256}
            )
    return found
