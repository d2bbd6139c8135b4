"""Gathering, in a fixed number of statements, what the checks need to know of codes given to local tests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.files.kinds import SECTIONS
from app.models import Level, LocalTest, LoincRelease, LoincTerm
from app.proposals.service import evidence_for
from app.settings import Settings
from app.terminology.grace import NO_LIMIT, GraceRule, rule_at
from app.terminology.service import RETIRED_STATUSES, current_release, is_whole, terms_by_number
from app.transcoding import repository
from app.transcoding.answers import other_answers
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import CheckedMapping, checks_of_choice
from app.transcoding.evidence import EvidenceLine, lines_of
from app.transcoding.opposed_words import FAMILY_WORDS, SPECIMENS, opposed_of, opposition, takes_any_specimen
from app.transcoding.outside_sql import chapter_values, held_analyses
from app.transcoding.readers import hidden_among
from app.transcoding.repository import Carrier


@dataclass(frozen=True, slots=True)
class Pair:
    """A code proposed for, or given to, a local test; `lines` is its evidence."""

    test: LocalTest
    loinc_num: str
    lines: Sequence[EvidenceLine]


@dataclass(frozen=True, slots=True)
class MappingContext:
    """Where the mapping is made: the release, the catalogue and its laboratory."""

    release: LoincRelease | None
    catalogue_id: int
    laboratory_id: int
    grace: GraceRule = NO_LIMIT
    """What holds now for the codes that the release retired."""
    blind_to: int | None = None
    """The person to whom the checks are told, when decisions of other rows may be hidden from her."""

    @property
    def release_id(self) -> int:
        """Identifier of the release, 0 when none is loaded."""
        return (self.release.id or 0) if self.release else 0

    @property
    def release_version(self) -> str:
        """The release as users name it."""
        return self.release.version if self.release else "aucune"


def mapping_context(
    session: Session, catalogue_id: int, laboratory_id: int, blind_to: int | None = None
) -> MappingContext:
    """The current release and what holds for its retired codes, for this catalogue.

    `blind_to` is the `blind_person` that the checks are shown to: they name no row whose decision is hidden from her.
    """
    return MappingContext(current_release(session), catalogue_id, laboratory_id, rule_at(session), blind_to)


def evidence_now(
    session: Session, settings: Settings, catalogue_id: int, pairs: Sequence[tuple[LocalTest, str]]
) -> list[list[EvidenceLine]]:
    """The evidence of codes of one catalogue that have no stored proposal, computed by the matcher, in order."""
    return [lines_of(found) for found in evidence_for(session, settings, catalogue_id, pairs)] if pairs else []


def what_stops(session: Session, context: MappingContext, pairs: Sequence[Pair]) -> list[str]:
    """Why each code cannot be given to its row without a written justification, in order; empty where it can.

    Whoever says beforehand what a batch will leave, and the batch itself, ask here: they cannot disagree. Only what a
    check that stops asks for is gathered: thousands of rows are asked about at once.
    """
    found = []
    for mapping in _stopping_mappings(session, context, pairs):
        checks = (check for check in checks_of_choice(mapping) if check.severity is not CheckSeverity.WARNING)
        found.append(" ".join(check.sentence for check in checks))
    return found


def _stopping_mappings(session: Session, context: MappingContext, pairs: Sequence[Pair]) -> list[CheckedMapping]:
    """The pairs with what the checks that stop need, and nothing of what only warns (rows and terms nearby)."""
    terms = terms_by_number(session, context.release_id, {pair.loinc_num for pair in pairs})
    retired = {number for number, term in terms.items() if term.status in RETIRED_STATUSES}
    replacements = repository.replacements_of(session, context.release_id, retired)
    chapters = chapter_values(session) if any(pair.test.level in SECTIONS for pair in pairs) else {}
    exams = {pair.test.id or 0 for pair in pairs if pair.test.level == Level.EXAM}
    analyses = held_analyses(session, context.catalogue_id, context.release_id, exams)
    return [
        CheckedMapping(
            test=pair.test,
            loinc_num=pair.loinc_num,
            term=terms.get(pair.loinc_num),
            release_version=context.release_version,
            release_is_whole=is_whole(context.release),
            grace=context.grace,
            lines=pair.lines,
            replacements=replacements.get(pair.loinc_num, ()),
            chapters=chapters if pair.test.level in SECTIONS else {},
            analyses=analyses.get(pair.test.id or 0, ()),
        )
        for pair in pairs
    ]


def mappings_of(session: Session, context: MappingContext, pairs: Iterable[Pair]) -> list[CheckedMapping]:
    """The pairs with all that the checks need, in the same order."""
    wanted = list(pairs)
    numbers = {pair.loinc_num for pair in wanted}
    siblings = repository.relatives_of(session, context.release_id, numbers)
    terms = {term.loinc_num: term for group in siblings.values() for term in group if term.loinc_num in numbers}
    retired = {number for number, term in terms.items() if term.status in RETIRED_STATUSES}
    replacements = repository.replacements_of(session, context.release_id, retired)
    nearby = numbers | {term.loinc_num for group in siblings.values() for term in group}
    circuit = repository.in_circuit(session, nearby)
    carriers = repository.carriers_of(session, context.catalogue_id, numbers)
    asked = [(pair.test, pair.loinc_num) for pair in wanted]
    answers = other_answers(session, context.catalogue_id, asked, context.blind_to)
    labels = repository.codes_of_labels(session, context.laboratory_id, {pair.test.label for pair in wanted})
    named = {row.id for rows in carriers.values() for row in rows}
    named |= {row_id for rows in labels.values() for row_id, _ in rows}
    unseen = hidden_among(session, context.blind_to, named)
    carriers = {key: [row for row in rows if row.id not in unseen] for key, rows in carriers.items()}
    labels = {key: [found for found in rows if found[0] not in unseen] for key, rows in labels.items()}
    chapters = chapter_values(session) if any(pair.test.level in SECTIONS for pair in wanted) else {}
    exams = {pair.test.id or 0 for pair in wanted if pair.test.level == Level.EXAM}
    analyses = held_analyses(session, context.catalogue_id, context.release_id, exams, context.blind_to)
    return [
        CheckedMapping(
            test=pair.test,
            loinc_num=pair.loinc_num,
            term=terms.get(pair.loinc_num),
            release_version=context.release_version,
            release_is_whole=is_whole(context.release),
            grace=context.grace,
            lines=pair.lines,
            replacements=replacements.get(pair.loinc_num, ()),
            siblings=_siblings(siblings, terms.get(pair.loinc_num)),
            circuit=circuit,
            same_code=[row.code for row in _carrying(carriers, pair)],
            opposed_to=_opposed(pair, terms.get(pair.loinc_num), _carrying(carriers, pair)),
            other_codes=_others(labels.get((pair.test.level, pair.test.label), ()), pair),
            other_answers=others,
            chapters=chapters if pair.test.level in SECTIONS else {},
            analyses=analyses.get(pair.test.id or 0, ()),
        )
        for pair, others in zip(wanted, answers, strict=True)
    ]  # fmt: skip


def _carrying(carriers: Mapping[tuple[str, str], Sequence[Carrier]], pair: Pair) -> list[Carrier]:
    """The other rows of its level that carry the code."""
    return [row for row in carriers.get((pair.test.level, pair.loinc_num), ()) if row.id != pair.test.id]


def _opposed(pair: Pair, term: LoincTerm | None, rows: Iterable[Carrier]) -> list[tuple[str, str]]:
    """Of the rows that carry its code, those whose words exclude its own: (local code and label, about what)."""
    mine = opposed_of(pair.test.label, pair.test.specimen)
    found = []
    for row in rows:
        family = opposition(mine, opposed_of(row.label, row.specimen))
        if family is None or (family == SPECIMENS and term is not None and takes_any_specimen(term.system)):
            continue
        found.append((f"{row.code} {row.label}".strip(), FAMILY_WORDS[family]))
    return found


def _siblings(groups: dict[str, list[LoincTerm]], term: LoincTerm | None) -> list[LoincTerm]:
    return groups.get(term.component, []) if term else []


def _others(found: Iterable[tuple[int, str]], pair: Pair) -> list[str]:
    codes = (number for test_id, number in found if test_id != pair.test.id and number != pair.loinc_num)
    return list(dict.fromkeys(codes))
