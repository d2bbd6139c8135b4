"""Building the pages of earlier work."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, col

from app.catalogues.clearance import NO_CLEARANCE, Clearance
from app.earlier import counts, repository
from app.earlier.counts import Tally
from app.earlier.pages import PAGE_SIZE, SORTS, Choice, EarlierPage, EarlierQuery, Heading, StatementLine
from app.earlier.service import MAY_TAKE, may_be_taken
from app.earlier.wording import PARTS, USES, VERDICTS, note_on
from app.errors import ImportRefusedError, WorkbenchError
from app.memory.relations import relation_of
from app.models import (
    EarlierStatement,
    EarlierUse,
    EarlierVerdict,
    LocalTest,
    LoincRelease,
    Outcome,
    ReviewState,
    Status,
)
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.proposals.service import current_run
from app.terminology.naming import TermName, name_of
from app.terminology.service import current_release
from app.transcoding import repository as transcoding_repository
from app.transcoding.readers import BLIND, blind_person, hidden_from
from app.transcoding.unheld import unheld_word
from app.web.meter import stacked_meter
from app.web.spreadsheet_csv import csv_pieces
from app.web.wording import AXIS, OUTCOME, RELATION_SHORT, STATUS
from matcher.types import Axis

CSV_BATCH = 500
_HEADER = (
    "Code local", "Libellé", "Milieu", "Unité", "Code antérieur", "Nom LOINC", "Lecture du code", "Relation", "Motif",
    "Commentaire", "Statut dans le fichier", "Auteur", "Date", "Source", "Ligne", "Comparaison", "Axes qui diffèrent",
    "Contradictions de la ligne", "Proposé aujourd'hui", "Nom LOINC proposé", "Rang du code antérieur",
    "Remplacements", "Usage", "État", "Décision en vigueur",
)  # fmt: skip
_ORDER = list(VERDICTS)


def address_of(catalogue_id: int) -> str:
    """The page of the earlier work on a catalogue."""
    return f"/catalogues/{catalogue_id}/anterieur"


def conditions_of(
    catalogue_id: int, query: EarlierQuery, *, without: str = "", blind_to: int | None = None
) -> list[Any]:
    """What the address keeps; `without` names a choice to leave out, for the counts beside it."""
    found: list[Any] = [col(EarlierStatement.catalogue_id) == catalogue_id]
    if query.source and without != "source":
        found.append(col(EarlierStatement.source_name) == query.source)
    if query.verdict and without != "verdict":
        found.append(repository.shown_verdict(blind_to) == query.verdict.removeprefix("-"))
    if query.usage and without != "usage":
        found.append(col(EarlierStatement.taken_as) == query.usage.removeprefix("-"))
    if query.contredit and without != "contredit":
        found.append(col(EarlierStatement.is_contradicted))
    if query.q.strip():
        found.append(repository.matches(query.q.strip()))
    return found


def _kept(found: Sequence[Tally], query: EarlierQuery, *, without: str = "") -> list[Tally]:
    """What the address keeps of the numbers, the text apart; the same as `conditions_of` keeps of the rows."""
    asked = {"source": query.source, "verdict": query.verdict, "usage": query.usage, "contredit": query.contredit}
    # No use at all is said by a dash; a file may be called so.
    asked["usage"] = query.usage.removeprefix("-") if query.usage else ""
    wanted = {
        name: asked[name] for name in asked if name != without and (asked[name] or (name == "usage" and query.usage))
    }
    return [item for item in found if wanted.items() <= _choices_of(item, query).items()]


def _choices_of(item: Tally, query: EarlierQuery) -> dict[str, str]:
    """What an address would have to say to keep these statements."""
    contradicted = query.contredit if item.is_contradicted else ""
    return {"source": item.source, "verdict": item.verdict, "usage": item.use, "contredit": contradicted}


def _order(query: EarlierQuery, blind_to: int | None) -> list[Any]:
    columns: dict[str, Any] = {
        "code": func.lower(col(EarlierStatement.local_code)),
        "libelle": func.lower(col(EarlierStatement.label)),
        "anterieur": col(EarlierStatement.loinc_num),
        "propose": col(EarlierStatement.proposed),
        "verdict": repository.shown_verdict(blind_to),
        "source": col(EarlierStatement.source_name),
    }
    column = columns.get(query.tri.removeprefix("-"))
    # As they were stored, which is as they stand in their files.
    stored = [col(EarlierStatement.id)]
    if column is None:
        return stored
    return [column.desc() if query.tri.startswith("-") else column, *stored]


def earlier_page(
    session: Session,
    access: CatalogueAccess,
    query: EarlierQuery,
    *,
    done: int | None = None,
    error: WorkbenchError | None = None,
    clearance: Clearance = NO_CLEARANCE,
) -> EarlierPage:
    """The page, with what was just done or went wrong."""
    catalogue_id, address = access.catalogue_id, address_of(access.catalogue_id)
    blind_to = blind_person(access)
    conditions = conditions_of(catalogue_id, query, blind_to=blind_to)
    everything = counts.tallies(session, catalogue_id, blind_to=blind_to)
    text = query.q.strip()
    matching = counts.tallies(session, catalogue_id, text, blind_to) if text else everything
    by_verdict = counts.by(_kept(matching, query, without="verdict"), lambda item: item.verdict)
    total = sum(item.count for item in _kept(matching, query))
    start = (query.page - 1) * PAGE_SIZE
    rows = repository.window(session, conditions, _order(query, blind_to), start, PAGE_SIZE, blind_to)
    by_use = counts.by(_kept(matching, query, without="usage"), lambda item: item.use)
    contradicted = sum(item.count for item in _kept(matching, query, without="contredit") if item.is_contradicted)
    sources = counts.sources_of(everything)
    run = current_run(session, catalogue_id)
    refused = error.problems if isinstance(error, ImportRefusedError) else []
    csv_url = query.url(address)
    return EarlierPage(
        title=f"Transcodage antérieur — {access.catalogue.name}",
        catalogue=access.catalogue,
        address=address,
        query=query,
        meter=_meter(by_verdict),
        verdicts=[
            Choice(word.text, query.url(address, verdict=_toggled(query.verdict, key)), by_verdict[key],
                   query.verdict == key, word)
            for key, word in VERDICTS.items()
            if by_verdict.get(key)
        ],
        uses=[
            Choice(text, query.url(address, usage=_toggled(query.usage, _word_of(key))), by_use[key],
                   query.usage == _word_of(key))
            for key, text in USES.items()
            if by_use.get(key)
        ],
        sources=[
            Choice(name, query.url(address, source=_toggled(query.source, name)), count, query.source == name)
            for name, count in sources
        ],
        contradicted=Choice("Contredit par la ligne", query.url(address, contredit=_toggled(query.contredit, "1")),
                            contradicted, bool(query.contredit)) if contradicted else None,
        headings=_headings(query, address),
        lines=_lines(session, access, rows),
        total=total,
        first=start + 1 if rows else 0,
        last=start + len(rows),
        previous_url=query.url(address, page=query.page - 1) if query.page > 1 else "",
        next_url=query.url(address, page=query.page + 1) if start + PAGE_SIZE < total else "",
        csv_url=f"{csv_url}{'&' if '?' in csv_url else '?'}format=csv",
        clear_url=address,
        hidden=[pair for pair in query.pairs() if pair[0] != "q"],
        may_act=access.role in MAY_TAKE,
        all_count=sum(count for _, count in sources),
        not_compared=counts.not_compared(everything, run.id if run else None),
        compared_at=run.finished_at if run else None,
        has_run=run is not None,
        done=repository.sentence_of(session, catalogue_id, done) if done else "",
        message="" if error is None or refused else error.message,
        asks_articles=clearance.asks_articles(error),
        are_articles=clearance.are_articles,
        problems=[str(problem) for problem in refused],
    )  # fmt: skip


def _word_of(use: str) -> str:
    """A use as an address says it: no use at all is said, too."""
    return use or "-"


def _toggled(current: str, value: str) -> str:
    return "" if current == value else value


def _meter(by_verdict: dict[str, int]) -> Any:
    total = sum(by_verdict.values())
    if not total:
        return None
    known = {key: word for key, word in VERDICTS.items() if by_verdict.get(key)}
    told = ", ".join(f"{word.text.lower()} : {by_verdict[key]}" for key, word in known.items())
    # What says nothing of a code is the ground of the bar.
    parts = [(css, by_verdict.get(key, 0)) for key, css in PARTS.items()]
    return stacked_meter(total, parts, told)


def _headings(query: EarlierQuery, address: str) -> list[Heading]:
    found = []
    for name, title in SORTS.items():
        order = {name: "ascending", f"-{name}": "descending"}.get(query.tri, "none")
        following = f"-{name}" if query.tri == name else name
        found.append(Heading(title, query.url(address, tri=following), order))
    return found


def _lines(session: Session, access: CatalogueAccess, rows: Sequence[Any]) -> list[StatementLine]:
    release = current_release(session)
    numbers = {row[0].loinc_num for row in rows} | {row[0].proposed for row in rows}
    numbers |= {row[2].loinc_num for row in rows if row[2] is not None}
    release_id = (release.id or 0) if release else 0
    terms = repository.terms_of(session, release_id, numbers) if release else {}
    dead = {row[0].loinc_num for row in rows if row[3] == EarlierVerdict.DEPRECATED}
    replacements = transcoding_repository.replacements_of(session, release_id, dead) if dead else {}
    names: dict[str, TermName] = {number: name_of(term) for number, term in terms.items()}
    hidden = hidden_from(session, access, [row[1].id for row in rows if row[1] is not None])
    return [
        _unseen(line) if row[1] is not None and row[1].id in hidden else line
        for row, line in ((row, _line(access, row, names, replacements, release)) for row in rows)
    ]


def _unseen(line: StatementLine) -> StatementLine:
    """The line without the decision of its row, nor what a person made of the statement with it."""
    return replace(line, status=BLIND, decision="", unheld=None, taken="", taken_key="", may_confirm=False)


def _line(
    access: CatalogueAccess, row: Any, names: dict[str, TermName], replacements: Any, release: LoincRelease | None
) -> StatementLine:
    item: EarlierStatement = row[0]
    test: LocalTest | None = row[1]
    state: ReviewState | None = row[2]
    assert item.id is not None
    known = relation_of(item.relation) if item.relation else None
    status = Status(state.status) if state else None
    is_open = status in (Status.TODO, Status.DOUBT, Status.SENT_BACK)
    return StatementLine(
        id=item.id,
        tick=f"{item.id}:{state.version if state else 0}",
        case_url=f"/catalogues/{access.catalogue_id}/revue/{test.id}" if test else "",
        code=test.code if test else item.local_code,
        label=test.label if test else item.label,
        specimen=(test.specimen or test.specimen_code) if test else "",
        unit=(test.unit or test.unit_code) if test else "",
        loinc_num=item.loinc_num,
        name=names.get(item.loinc_num),
        note=note_on(item),
        relation=RELATION_SHORT[known] if known else item.relation,
        reason=item.reason,
        comment=item.comment,
        said_status=item.status,
        who=", ".join(text for text in (item.author, item.dated) if text),
        where=f"{item.source_name}, ligne {item.row_number}" if item.row_number else item.source_name,
        verdict=VERDICTS[EarlierVerdict(row[3])],
        differing=[AXIS[Axis(axis)].lower() for axis in item.differing],
        contradictions=list(item.contradictions),
        proposed=item.proposed if item.proposed != item.loinc_num else "",
        proposed_name=names.get(item.proposed),
        replacements=", ".join(replacements.get(item.loinc_num, ())),
        taken=USES[EarlierUse(item.taken_as)] if item.taken_as else "",
        taken_key=item.taken_as,
        status=STATUS[status] if status else None,
        decision=_decision(state),
        unheld=unheld_word(_coded(state), release, names),
        may_confirm=is_open and may_be_taken(item, EarlierUse.TO_CONFIRM),
    )


def _coded(state: ReviewState | None) -> str:
    return state.loinc_num if state is not None and state.outcome == Outcome.CODE else ""


def _decision(state: ReviewState | None) -> str:
    if state is None or not state.outcome:
        return ""
    return state.loinc_num if state.outcome == Outcome.CODE else OUTCOME[Outcome(state.outcome)].text


def earlier_csv(database: Engine, access: CatalogueAccess, query: EarlierQuery) -> Iterator[str]:
    """Every statement of the query, for a spreadsheet, some rows at a time."""
    return csv_pieces(_HEADER, _csv_rows(database, access, query))


def _csv_rows(database: Engine, access: CatalogueAccess, query: EarlierQuery) -> Iterator[Sequence[str]]:
    blind_to = blind_person(access)
    conditions = conditions_of(access.catalogue_id, query, blind_to=blind_to)
    start = 0
    while True:
        with reading(database) as session:
            rows = repository.window(session, conditions, _order(query, blind_to), start, CSV_BATCH, blind_to)
            lines = _lines(session, access, rows)
        for row, line in zip(rows, lines, strict=True):
            yield _csv_row(row[0], line)
        if len(rows) < CSV_BATCH:
            return
        start += CSV_BATCH


def _csv_row(item: EarlierStatement, line: StatementLine) -> Sequence[str]:
    return (
        line.code, line.label, line.specimen, line.unit, line.loinc_num, line.name.main if line.name else "",
        line.note, line.relation, line.reason, line.comment, item.status, item.author, item.dated, item.source_name,
        str(item.row_number or ""), line.verdict.text, ", ".join(line.differing), " ".join(line.contradictions),
        item.proposed, line.proposed_name.main if line.proposed_name else "", str(item.rank or ""),
        line.replacements, line.taken, line.status.text if line.status else "", line.decision,
    )  # fmt: skip
