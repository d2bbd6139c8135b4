"""HL7 v2 messages of results: ORU and OUL of ER7, and the clinical documents that ORU and MDM carry in base64.

What counts as a result, and what an OBX says of one that was sent before:

- a result is an OBX under an OBR with a value, or one that is said not to be obtainable (OBX-11 = X);
- those not asked for, pending or described only (N, I, O) are none; `""` and the statuses D and W take a result back;
- observations of a patient or of a specimen (before the first OBR, after the SPM that follows results), answers to
  questions of the order (OBX-29), comments, texts without any code and flags of the national form are none;
- the lines of a text under one code, with one sub-identifier, are one result.

All results of one patient in one message are one report, told by the sender and its order numbers: a later message
corrects it slot by slot, an act at a time where the act is corrected (OBR-25 = C), an order at a time where the order
is replaced or cancelled; other orders of the report keep what they have. The clinical documents of one message are one
report in several forms, told by their own identifiers; where they are there, plain results of the same order, or of the
same codes, repeat them and are not counted; those of other orders are a report of their own.
"""

from collections.abc import Iterator
from itertools import chain

from app.emitted import hl7v2_damage as damage
from app.emitted.hl7v2_file import DocumentReader, File
from app.emitted.hl7v2_message import Message
from app.emitted.hl7v2_text import Dialect, blocks, in_bytes, lines, looks_like_hl7v2
from app.emitted.observed import CodeSystems, Damaged, Observed

__all__ = ["looks_like_hl7v2", "read_hl7v2"]

MOST_MESSAGES = 200_000
_AROUND = frozenset({b"FHS", b"BHS", b"BTS", b"FTS"})
"""Segments of batches: they say nothing of reports."""


def read_hl7v2(content: bytes, place: str, systems: CodeSystems, read_document: DocumentReader) -> Iterator[Observed]:
    """The reports of a file of messages, one at a time; the documents they hold are read by `read_document`.

    A message that is no report (acknowledgement, admission) gives a NoReport.
    """
    content = in_bytes(content)
    file = File(systems, read_document)
    number = 0
    for block in blocks(content):
        found = lines(content, block)
        header = next(found, b"")
        if not header.startswith(b"MSH"):
            if any(line[:3] not in _AROUND for line in chain((header,), found) if line):
                yield Damaged(place, damage.BEFORE)
            continue
        number += 1
        if number > MOST_MESSAGES:
            yield Damaged(place, damage.TOO_MANY)
            return
        where = f"{place}, message {number}"
        dialect = Dialect.of(header)
        if dialect is None:
            yield Damaged(where, damage.SEPARATORS)
        else:
            yield from Message(file, dialect, header, where).read(chain((header,), found), is_cut=block.is_cut)
    if not number:
        yield Damaged(place, damage.NO_MESSAGE)
