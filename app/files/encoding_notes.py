"""What a person should know of the encoding in which her file is read, and what each encoding would make of it."""

from collections.abc import Iterator, Sequence

from app.files.encodings import (
    ENCODINGS,
    MIXED,
    MIXTURES,
    MOST_ROWS,
    WITH_UTF_8,
    control_lines,
    detect,
    is_written_twice,
    odd_lines,
    shown,
    words_of,
)
from app.text import counted

_SAMPLE_LINES = 40
_WORDS_SHOWN = 2
BASE_OF = {mixture: encoding for encoding, mixture in WITH_UTF_8.items()}
"""A mixed encoding -> that of most of the file."""


def notes_on(file_name: str, content: bytes, encoding: str, *, is_chosen: bool) -> Iterator[str]:
    """Sentences about the encoding; `is_chosen` says that a person saw it and kept it."""
    found = detect(content)
    if encoding in MIXTURES:
        yield f"{file_name} : {odd_sentence(content, encoding)}"
    elif is_chosen and encoding == BASE_OF.get(found.encoding):
        yield (
            f"{file_name} : lu tout entier en {ENCODINGS[encoding]}, comme demandé, alors que "
            f"{_some_lines(found.odd_lines)} (« Ã© » y tient lieu de « é »)."
        )
    elif not is_chosen:
        name, words = ENCODINGS[encoding], _quoted(found.words)
        if found.is_doubtful:
            yield (
                f"{file_name} : encodage incertain, lu en {name}{words} ; si des accents sont faux, choisissez-en un "
                "autre."
            )
        elif found.is_guessed and encoding != "cp1252":
            yield f"{file_name} : lu en {name}, reconnu à ses mots{words}."
    if encoding == "iso8859-15" and (lines := list(control_lines(content, encoding))):
        said = counted(len(lines), "ligne contient", "lignes contiennent")
        yield (
            f"{file_name} : {said} des octets qui ne sont d'aucune lettre en {ENCODINGS[encoding]} ({_listed(lines)}) "
            "; vérifiez-les, choisissez un autre encodage, ou corrigez l'export."
        )
    if encoding in ("utf-8", MIXED) and is_written_twice(content.decode(encoding, "replace")):
        yield (
            f"{file_name} : des accents y sont encodés deux fois (« Ã© » pour « é ») ; ils restent tels quels. "
            "Corrigez l'export du SGL, puis recommencez."
        )


def odd_sentence(content: bytes, encoding: str) -> str:
    """Which lines are not in the encoding of the rest, and how they are read."""
    lines = list(odd_lines(content, encoding))
    if encoding != MIXED:
        rest = ENCODINGS[BASE_OF[encoding]]
        unsure = " C'est incertain." if detect(content).is_doubtful else ""
        return (
            f"{_some_lines(lines)}, et le reste en {rest} ; chacune est lue dans son encodage.{unsure} "
            "Vérifiez ces lignes, ou corrigez l'export."
        )
    said = counted(len(lines), "ligne n'est pas", "lignes ne sont pas")
    if detect(content).encoding == MIXED and detect(content).is_doubtful:
        advice = "Ils semblent d'un autre encodage : choisissez-le si leurs accents sont faux, ou corrigez l'export."
    else:
        advice = "Vérifiez ces lignes, ou corrigez l'export."
    return (
        f"{said} en UTF-8 comme le reste ({_listed(lines)}) ; les octets étrangers sont lus en Windows-1252. {advice}"
    )


def _some_lines(lines: Sequence[int]) -> str:
    return f"{counted(len(lines), 'ligne est', 'lignes sont')} en UTF-8 ({_listed(lines)})"


def _listed(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:MOST_ROWS])) + (", …" if len(lines) > MOST_ROWS else "")


def samples(content: bytes) -> dict[str, str]:
    """Encoding -> some words of the file as it reads them; nothing for a file in ASCII, which all read alike."""
    lines = [line for line in content.split(b"\n") if not line.isascii()][:_SAMPLE_LINES]
    if not lines:
        return {}
    sample = b"\n".join(lines)
    words = {}
    for encoding in ENCODINGS:
        if not encoding.startswith("utf-16"):
            words[encoding] = ", ".join(words_of(shown(sample.decode(encoding, "replace")))[:_WORDS_SHOWN])
    return words


def _quoted(words: tuple[str, ...]) -> str:
    return f" (« {', '.join(words[:_WORDS_SHOWN])} »)" if words else ""
