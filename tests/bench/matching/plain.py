"""Plain text engines, for comparison: the same rows and terms, without a word of our lexicon or tables.

Each imports its library when it is made, so that the memory of one engine does not count against another.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from rapidfuzz import fuzz, process

from matcher.normalise.text import fold
from matcher.types import LocalTest, Term

CHUNK = 64


def term_text(term: Term) -> str:
    """What a plain engine reads of a term: its long common name and its component, folded."""
    return fold(f"{term.long_common_name} {term.component}")


def query_text(test: LocalTest) -> str:
    """What a plain engine reads of a row: label, synonym, specimen and unit, folded."""
    return fold(" ".join((test.label, test.synonym, test.specimen, test.unit)))


class PlainEngine(Protocol):
    """Ranks the texts that it was built with."""

    def search(self, queries: Sequence[str], limit: int) -> list[list[int]]:
        """Positions of the best texts for each query, best first."""


class TokenSet:
    """rapidfuzz token_set_ratio over everything."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)

    def search(self, queries: Sequence[str], limit: int) -> list[list[int]]:
        """Positions of the best texts for each query, best first."""
        scorer = fuzz.token_set_ratio
        return [
            [position for _, _, position in process.extract(query, self._texts, scorer=scorer, limit=limit)]
            for query in queries
        ]


class Bm25:
    """BM25 over words (bm25s)."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self._tokens: Callable[[list[str]], Any] = partial(bm25s.tokenize, stopwords=None, show_progress=False)
        self._engine = bm25s.BM25()
        self._engine.index(self._tokens(list(texts)), show_progress=False)

    def search(self, queries: Sequence[str], limit: int) -> list[list[int]]:
        """Positions of the best texts for each query, best first."""
        found, scores = self._engine.retrieve(self._tokens(list(queries)), k=limit, show_progress=False)
        return [
            [int(position) for position, score in zip(row, values, strict=True) if score > 0]
            for row, values in zip(found, scores, strict=True)
        ]


class Fts5:
    """SQLite full-text search, ranked by its own BM25."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute("CREATE VIRTUAL TABLE term USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
        rows = ((position, text) for position, text in enumerate(texts))
        self._database.executemany("INSERT INTO term (rowid, text) VALUES (?, ?)", rows)

    def search(self, queries: Sequence[str], limit: int) -> list[list[int]]:
        """Positions of the best texts for each query, best first."""
        return [self._one(query, limit) for query in queries]

    def _one(self, query: str, limit: int) -> list[int]:
        words = dict.fromkeys("".join(char if char.isalnum() else " " for char in query).split())
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in words)
        statement = "SELECT rowid FROM term WHERE term MATCH ? ORDER BY rank LIMIT ?"
        return [int(row[0]) for row in self._database.execute(statement, (match, limit))]


class CharTfidf:
    """TF-IDF over character 2- to 4-grams inside words (scikit-learn), cosine similarity."""

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), dtype=np.float32)
        self._matrix: Any = self._vectorizer.fit_transform(texts).T.tocsr()

    def search(self, queries: Sequence[str], limit: int) -> list[list[int]]:
        """Positions of the best texts for each query, best first."""
        vectors: Any = self._vectorizer.transform(queries)
        found: list[list[int]] = []
        for start in range(0, len(queries), CHUNK):
            scores = (vectors[start : start + CHUNK] @ self._matrix).toarray()
            take = min(limit, scores.shape[1])
            best = np.argpartition(-scores, take - 1, axis=1)[:, :take]
            values = np.take_along_axis(scores, best, axis=1)
            order = np.argsort(-values, axis=1, kind="stable")
            found.extend(np.take_along_axis(best, order, axis=1).tolist())
        return found


PLAIN: dict[str, Callable[[Sequence[str]], PlainEngine]] = {
    "rapidfuzz token_set_ratio": TokenSet,
    "BM25 (bm25s)": Bm25,
    "SQLite FTS5": Fts5,
    "character TF-IDF": CharTfidf,
}
