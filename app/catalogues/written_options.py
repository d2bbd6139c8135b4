"""What the preview offers of how a text is written: encodings, separators and quotes, with what it says of them."""

from app.catalogues.drafts import DraftFile
from app.catalogues.pages import Option
from app.catalogues.settling import DELIMITER_WORDS, FIXED_WIDTH, QUOTES
from app.files.dialects import DELIMITER_NAMES
from app.files.encoding_notes import odd_sentence, samples
from app.files.encodings import ENCODINGS, MIXTURES, detect, odd_lines
from app.files.records import Dialect
from app.text import with_capital

_DELIMITER_LABELS = {
    "point-virgule": "Point-virgule ;",
    "tabulation": "Tabulation",
    "virgule": "Virgule ,",
    "barre": "Barre |",
}
_ODD_LABELS = {
    word: f"{with_capital(DELIMITER_NAMES[sign])} {sign if sign.isprintable() else ''}".strip()
    for word, sign in DELIMITER_WORDS.items()
    if word not in _DELIMITER_LABELS
}
"""Offered for the files that hold one."""
_QUOTE_LABELS = {"double": 'Guillemets doubles "', "single": "Apostrophes '", "none": "Aucun guillemet"}


def options(labels: dict[str, str], chosen: str) -> list[Option]:
    """Labels as what may be chosen, by value."""
    return [Option(value=value, label=label, is_chosen=value == chosen) for value, label in labels.items()]


def _word_of(words: dict[str, str], value: str) -> str:
    return next((word for word, meant in words.items() if meant == value), "")


def delimiters(dialect: Dialect, content: bytes) -> list[Option]:
    """The delimiters that may be chosen; fixed width, and unusual ones, only where the file itself has them."""
    if dialect.format != "csv":
        return []
    found = {word: label for word, label in _ODD_LABELS.items() if _holds(content, DELIMITER_WORDS[word], dialect)}
    labels = _DELIMITER_LABELS | found
    if dialect.starts:
        return options({FIXED_WIDTH: "Aucun : largeur fixe"} | labels, FIXED_WIDTH)
    return options(labels, _word_of(DELIMITER_WORDS, dialect.delimiter))


def _holds(content: bytes, delimiter: str, dialect: Dialect) -> bool:
    try:
        return delimiter == dialect.delimiter or delimiter.encode(dialect.encoding) in content
    except UnicodeEncodeError:
        return False


def encodings(file: DraftFile) -> list[Option]:
    """The encodings that may be chosen for a text."""
    return options(_readable_in(file), file.dialect.encoding)


def quotes(dialect: Dialect) -> list[Option]:
    """Whether quotes have a meaning."""
    return options(_QUOTE_LABELS, _word_of(QUOTES, dialect.quotechar))


def _readable_in(file: DraftFile) -> dict[str, str]:
    """The encodings that may be chosen, each with what it makes of some words of the file; none for a workbook."""
    content, encoding = file.stored.content, file.dialect.encoding
    if file.dialect.format != "csv":
        return {}
    words = samples(content)
    kept = {
        key: f"{name} — « {words[key]} »" if words.get(key) else name
        for key, name in ENCODINGS.items()
        if not key.startswith("utf-16") and (key not in MIXTURES or (words and _is_mixture(content, key)))
    }
    kept.setdefault(encoding, ENCODINGS[encoding])
    return kept


def _is_mixture(content: bytes, encoding: str) -> bool:
    """Whether some lines of a file are in another encoding than the rest, so that this mixture may be chosen."""
    return detect(content).encoding != "utf-8" and next(odd_lines(content, encoding), None) is not None


def encoding_hint(file: DraftFile) -> str:
    """What the person should look at before she believes the accents; she chooses."""
    dialect = file.dialect
    if dialect.format != "csv":
        return ""
    found = detect(file.stored.content)
    if dialect.encoding in MIXTURES:
        return odd_sentence(file.stored.content, dialect.encoding)
    if found.is_doubtful or found.encoding != dialect.encoding:
        return "Les accents vous semblent faux ? Comparez les mots que chaque encodage fait de ce fichier."
    return ""
