"""What a person should know of the encoding in which her file is read, and what each encoding would make of it."""

from collections.abc import Iterator

from app.files.encodings import ENCODINGS, MIXED, MOST_ROWS, detect, is_written_twice, odd_lines, shown, words_of
from app.text import counted

_SAMPLE_LINES = 40
_WORDS_SHOWN = 2


def notes_on(file_name: str, content: bytes, encoding: str, *, is_chosen: bool) -> Iterator[str]:
    """Sentences about the encoding; `is_chosen` says that a person saw it and kept it."""
    if encoding == MIXED:
        yield f"{file_name} : {odd_sentence(list(odd_lines(content)))}"
    elif not is_chosen:
        found = detect(content)
        name, words = ENCODINGS[encoding], _quoted(found.words)
        if found.is_doubtful:
            yield (
                f"{file_name} : encodage incertain, lu en {name}{words} ; si des accents sont faux, choisissez-en un "
                "autre."
            )
        elif found.is_guessed and encoding != "cp1252":
            yield f"{file_name} : lu en {name}, reconnu à ses mots{words}."
    if encoding in ("utf-8", MIXED) and is_written_twice(content.decode(encoding, "replace")):
        yield (
            f"{file_name} : des accents y sont encodés deux fois (« Ã© » pour « é ») ; ils restent tels quels. "
            "Corrigez l'export du SGL, puis recommencez."
        )


def odd_sentence(lines: list[int]) -> str:
    """Which lines are not in the encoding of the rest."""
    shown_lines = ", ".join(map(str, lines[:MOST_ROWS])) + (", …" if len(lines) > MOST_ROWS else "")
    said = counted(len(lines), "ligne n'est pas", "lignes ne sont pas")
    return (
        f"{said} en UTF-8 comme le reste ({shown_lines}) ; les octets étrangers sont lus en Windows-1252. "
        "Vérifiez ces lignes, ou corrigez l'export."
    )


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
