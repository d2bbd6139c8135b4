"""Reading one received file, of whatever sort it is: the one way in for files of reports."""

import re
from collections.abc import Iterator

from app.emitted.cda import read_cda
from app.emitted.fhir import read_fhir
from app.emitted.hl7v2 import read_hl7v2
from app.emitted.kinds import ReportKind, kind_of
from app.emitted.observed import CodeSystems, Observed, Refused, ReportReader
from app.emitted.xdm import read_xdm

NESTED = "c’est une archive dans une archive d’archives, qui n’est pas ouverte\u202f; envoyez-la à part"
_UNMARKED = (
    (re.compile(rb"[^\0]\0[^\0]\0"), b"\xff\xfe"),
    (re.compile(rb"\0[^\0]\0[^\0]"), b"\xfe\xff"),
)
"""How a text of UTF-16 begins that says no byte order, each order with its mark: reports begin in ASCII."""


def read_file(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """What a file reports, one report at a time; one Refused for a file of a sort that is not read.

    Raises nothing for what is damaged, but what exhausts memory.
    """
    return _opened(content, place, systems, _part)


def _part(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    """A part of an archive, which may be one: packages of secure mail are sent by hundreds in one zip."""
    return _opened(content, place, systems, _innermost)


def _innermost(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    content = _marked(content)
    kind = kind_of(content)
    return _read(NESTED if kind is ReportKind.ZIP else kind, content, place, systems)


def _opened(content: bytes, place: str, systems: CodeSystems, read_part: ReportReader) -> Iterator[Observed]:
    content = _marked(content)
    kind = kind_of(content)
    if kind is ReportKind.ZIP:
        return read_xdm(content, place, systems, read_part)
    return _read(kind, content, place, systems)


def _marked(content: bytes) -> bytes:
    """The content, with the mark of its byte order where it is of UTF-16 and says none."""
    return next((mark + content for start, mark in _UNMARKED if start.match(content)), content)


def _read(kind: ReportKind | str, content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    if kind is ReportKind.CDA:
        yield from read_cda(content, place, systems)
    elif kind is ReportKind.HL7V2:
        yield from read_hl7v2(content, place, systems, read_cda)
    elif kind is ReportKind.FHIR:
        yield from read_fhir(content, place, systems, read_cda)
    else:
        yield Refused(place, kind)
