"""The terminology, for the other rooms: which release is in use, its terms, and the search."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from app.audit.service import record
from app.errors import ConflictError, NotFoundError
from app.models import LoincRelease, LoincTerm, ReleaseStatus, User
from app.platform import locks
from app.platform.database import Transactions
from app.terminology import repository, search_index
from app.terminology.french import french_material
from app.terminology.schemas import PrepareSwitch, SearchFilters, SearchResult, few_terms
from app.terminology.starter import OFFICIAL, store_release
from app.terminology.words import WordQuery, asked_code, asked_words, tokens

__all__ = [
    "SearchFilters", "SearchResult", "current_release", "find_term", "get_release",
    "make_current", "releases", "search", "search_counted", "store_release", "terms_by_number",
]  # fmt: skip

CANDIDATES = 300
COUNT_LIMIT = 1000
SWITCH_ATTEMPTS = 5
RETIRED_STATUSES = frozenset({"DISCOURAGED", "DEPRECATED"})

releases = repository.releases
current_release = repository.current_release
terms_by_number = repository.terms_by_number


def get_release(session: Session, release_id: int) -> LoincRelease:
    """A usable release, or NotFoundError."""
    release = session.get(LoincRelease, release_id)
    if release is None or release.status != ReleaseStatus.READY:
        raise NotFoundError("Cette version de LOINC n'est pas chargée.")
    return release


def find_term(session: Session, release_id: int, loinc_num: str) -> LoincTerm | None:
    """The term of this code in this release, or None."""
    return repository.term(session, release_id, loinc_num.strip())


def doubt_of(current: LoincRelease | None, release: LoincRelease) -> str:
    """Why this release may be cut, beside the one in service, in French; nothing for one that seems whole."""
    if release.kind != OFFICIAL:
        return ""
    in_service = current.term_count if current is not None and current.kind == OFFICIAL else None
    return ", ".join(filter(None, (release.doubt, few_terms(release.term_count, in_service))))


def is_whole(release: LoincRelease | None) -> bool:
    """Whether a code that this release does not hold is no code at all: not our subset, and no extract of a release."""
    return release is not None and release.kind == OFFICIAL and not doubt_of(None, release)


def not_of_loinc(session: Session, numbers: Iterable[str]) -> frozenset[str]:
    """Those of these codes that are no codes of LOINC: the release in use is whole, and does not hold them.

    Nothing where it is not whole, or where none is loaded: another may hold them.
    """
    release = current_release(session)
    if release is None or release.id is None or not is_whole(release):
        return frozenset()
    asked = frozenset(numbers) - {""}
    return asked - repository.held_numbers(session, release.id, asked)


def make_current(
    transactions: Transactions,
    release_id: int,
    actor: User | None,
    prepare: PrepareSwitch,
    may_be_cut: bool = False,
) -> LoincRelease:
    """Use a release from now on for proposals, decisions and coverage; decisions already made stay as they are.

    Raises ConflictError for a release that seems cut, unless the person says that it is whole (`may_be_cut`).
    What the change asks for is prepared with no transaction open; a short one writes it and changes the release.
    """
    for _ in range(SWITCH_ATTEMPTS):
        with transactions.reading() as session:
            release = get_release(session, release_id)
            before = repository.current_release(session)
        if before is not None and before.id == release_id:
            return release
        # Without any release nothing can be looked up at all.
        doubt = doubt_of(before, release) if before is not None else ""
        if doubt and not may_be_cut:
            raise ConflictError(
                f"Cette version paraît coupée\u202f: {doubt}. Elle n'est pas mise en service\u202f: rechargez "
                "l'archive d'origine, ou confirmez que celle-ci est entière (case de la page, ou --entiere)."
            )
        switch = prepare(transactions.engine, before, release) if before is not None else None
        with transactions.writing() as session:
            locks.lock_subject(session, locks.Subject.INSTALLATION)
            current = repository.current_release(session)
            if (current and current.id) != (before and before.id):
                # Somebody else changed release meanwhile: what was prepared speaks of another one.
                continue
            release = get_release(session, release_id)
            repository.set_current(session, release_id)
            session.refresh(release)
            record(
                session,
                "terminology.make_current",
                actor=actor,
                object_type="loinc_release",
                object_id=release_id,
                version=release.version,
                previous=before.version if before else "",
                doubt=doubt,
            )
            if switch is not None:
                switch(session, actor)
        return release
    raise ConflictError("D'autres personnes changent de version de LOINC en ce moment. Recommencez dans un instant.")


def search(
    session: Session, release_id: int, text: str, limit: int = 20, filters: SearchFilters | None = None
) -> list[LoincTerm]:
    """The best terms for a code, the beginning of a code, or English or French words; best first."""
    filters = filters or SearchFilters()
    code = asked_code(text)
    by_code: Sequence[LoincTerm] = repository.terms_starting(session, release_id, code, limit) if code else ()
    if code and "-" in code:
        return list(by_code)
    found = {term.id: term for term in by_code if filters.lets_through(term)}
    words = asked_words(text)
    if words or not text.strip():
        for term in _by_words(session, release_id, words, limit, filters):
            found.setdefault(term.id, term)
    return list(found.values())[:limit]


def search_counted(
    session: Session, release_id: int, text: str, limit: int = 50, filters: SearchFilters | None = None
) -> SearchResult:
    """The best terms, and how many match in all."""
    filters = filters or SearchFilters()
    terms = search(session, release_id, text, limit, filters)
    words = asked_words(text)
    if (asked_code(text) and "-" in text) or (text.strip() and not words) or len(terms) < limit:
        return SearchResult(terms, len(terms), False)
    query = WordQuery(words, filters.axes(), filters.laboratory_only, filters.any_of)
    total = search_index.count(session.connection(), release_id, query, COUNT_LIMIT + 1)
    return SearchResult(terms, max(len(terms), min(total, COUNT_LIMIT)), total > COUNT_LIMIT)


def _by_words(
    session: Session, release_id: int, words: list[str], limit: int, filters: SearchFilters
) -> Iterable[LoincTerm]:
    query = WordQuery(words, filters.axes(), filters.laboratory_only, filters.any_of)
    rows = search_index.find(session.connection(), release_id, query, max(CANDIDATES, limit))
    named = french_material().components(words)
    ranked = sorted(enumerate(rows), key=lambda item: (_distance(words, named, item[1]), item[0]))
    ids = [row.term_id for _, row in ranked[:limit]]
    terms = repository.terms_by_id(session, ids)
    return [terms[id_] for id_ in ids]


def _distance(words: list[str], named: dict[str, int], row: Row[Any]) -> tuple[bool, int, int, int]:
    """How far a hit is from what was asked: unusable codes last; first what our lexicon means by these very
    words, then whole words before beginnings of words, and components said in full."""
    whole = set(row.words.split())
    missed = sum(word not in whole and f"{word}s" not in whole for word in words)
    component = set(tokens(row.component))
    said = sum(any(part.startswith(word) for part in component) for word in words)
    unsaid = len(component) - said if said else 0
    return row.status in RETIRED_STATUSES, named.get(row.component, len(named)), missed, unsaid
