"""Building the pages of the batches."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.approval.batch_pages import approval_batch_url
from app.batches import repository
from app.batches.asking import MOST, Asked, through_gate, title_of
from app.batches.pages import (
    AnswerLine,
    BatchesPage,
    BatchLine,
    BatchPage,
    GatePage,
)
from app.batches.undoing import batch_url
from app.errors import NotFoundError
from app.models import BY_TRANSCODERS, Action, Batch, BatchKind, Job, JobStatus, Relation, User
from app.platform.database import reading
from app.platform.identity import CatalogueAccess
from app.text import paris_time, with_capital
from app.transcoding import repository as transcoding
from app.transcoding.readers import blind_person, hidden_from
from app.transcoding.workflow import DECIDERS
from app.web.spreadsheet_csv import csv_pieces
from app.web.templating import format_percent
from app.web.wording import ACTION, BAND, RELATION, Word
from app.worklist import entries_sql
from app.worklist.facets import BY_KEY
from app.worklist.navigation import queue_url
from app.worklist.query import ReviewQuery
from app.worklist.queue import window_of
from matcher.types import Band

LIST = 100
ANSWERS = 200
KINDS = {
    BatchKind.FILTER: "Propositions acceptées",
    BatchKind.GROUP: "Groupe",
    BatchKind.TAKE_BACK: "Reprise",
    BatchKind.APPROVAL: "Approbations",
    BatchKind.UNAPPROVE: "Approbations reprises",
}
BAND_WORDS = {"sure": Band.SURE, "a-verifier": Band.TO_CHECK}
UNREAD_TOO = "oui"
"""In an address: rows of which not all was read are taken too."""
UNSEEN = "Des lignes y attendent une deuxième lecture, à l’aveugle, que vous pouvez faire"
"""The title of a batch that holds some: it may name them."""
DONE = Word("Enregistrée", "chip-ok", "✔")
LEFT = Word("Laissée", "chip-warn", "✘")
WAITING = Word("En attente", "chip-mute", "…")


def facet_words(session: Session, query: ReviewQuery) -> list[str]:
    """The filters of a query, in words."""
    said = []
    for prefix, chosen in (("", query.only), ("sauf ", query.without)):
        for key, words in chosen.items():
            facet = BY_KEY[key]
            labels = [facet.label(facet.stored(word)) for word in words]
            if key == "auteur":
                names = transcoding.names_of(session, [int(word) for word in words if word.isdigit()])
                labels = [names.get(int(word), word) if word.isdigit() else facet.empty_label for word in words]
            said.append(f"{facet.title} : {prefix}{' ou '.join(labels)}")
    return said


def gate_page(session: Session, access: CatalogueAccess, asked: Asked, scope: str, problem: str = "") -> GatePage:
    """The page before a batch; `scope` is what the rows are: `filtre`, `page` or `cochees`."""
    found, is_cut = through_gate(session, access, asked)
    path = f"/catalogues/{access.catalogue_id}/lots/nouveau"
    word = next(word for word, band in BAND_WORDS.items() if band is asked.lowest)
    page_ids = window_of(session, access.catalogue_id, asked.query).ids
    count = entries_sql.count_rows(session, access.catalogue_id, asked.query, MOST + 1)
    ticked = asked.ids if scope == "cochees" else ()
    unread = asked.with_unread

    def address(word: str, scope: str = "filtre", ligne: Sequence[int] = (), unread: bool = unread) -> str:
        return _address(asked.query, path, word, scope, ligne, unread)

    scopes = [
        ("Toutes les lignes filtrées", count, address(word), scope == "filtre"),
        ("Cette page seulement", len(page_ids), address(word, "page"), scope == "page"),
    ]
    if scope == "cochees":
        scopes.append(("Les lignes cochées", len(asked.ids), address(word, scope, ticked), True))
    bands = [
        (name, BAND[band].text, address(name, scope, ticked), band is asked.lowest)
        for name, band in BAND_WORDS.items()
    ]
    left, taken = (address(word, scope, ticked, choice) for choice in (False, True))
    return GatePage(
        title="Accepter en lot",
        catalogue=access.catalogue,
        title_of_rows=title_of(asked.query, asked.ids if scope == "cochees" else (), facet_words(session, asked.query)),
        gate=found,
        precision=found.precision,
        is_cut=is_cut,
        most=MOST,
        lowest=word,
        bands=bands,
        scopes=scopes,
        unread_choices=[("Les laisser", left, not unread), ("Les prendre aussi", taken, unread)],
        ask_url=asked.query.url(
            f"/catalogues/{access.catalogue_id}/lots", confiance_min=word, perimetre=scope,
            non_lues=UNREAD_TOO if unread else None,
        ),
        ids=asked.ids,
        queue_url=queue_url(access.catalogue_id, asked.query),
        can_ask=access.role in DECIDERS and not is_cut and bool(found.passing),
        sampled=len(found.passing),
        problem=problem,
    )


def _address(
    query: ReviewQuery, path: str, word: str, scope: str, ligne: Sequence[int], with_unread: bool
) -> str:
    address = query.url(
        path, confiance_min=word, perimetre=None if scope == "filtre" else scope,
        non_lues=UNREAD_TOO if with_unread else None,
    )  # fmt: skip
    return address + "".join(f"&ligne={row_id}" for row_id in ligne)


def batches_page(session: Session, access: CatalogueAccess, before: int | None, only_mine: bool) -> BatchesPage:
    """The batches of a catalogue, or those that this person asked for."""
    author_id = access.user_id if only_mine else None
    found = repository.batches_of(session, access.catalogue_id, LIST + 1, before, author_id)
    ids = [batch.id or 0 for batch, _ in found]
    counts = repository.counts(session, ids)
    unseen = repository.hidden_batches(session, ids, blind_person(access))
    path = f"/catalogues/{access.catalogue_id}/lots"
    return BatchesPage(
        title="Lots",
        catalogue=access.catalogue,
        lines=[_line(access, batch, name, counts, is_unseen=batch.id in unseen) for batch, name in found[:LIST]],
        more_url=f"{path}?avant={found[LIST - 1][0].id}{'&de=moi' if only_mine else ''}" if len(found) > LIST else "",
        only_mine=only_mine,
        all_url=path,
        mine_url=f"{path}?de=moi",
        new_url=f"{path}/nouveau",
    )


def _line(
    access: CatalogueAccess, batch: Batch, author: str, counts: dict[int, tuple[int, int, int]], *, is_unseen: bool
) -> BatchLine:
    rows, done, refused = counts.get(batch.id or 0, (0, 0, 0))
    return BatchLine(
        number=batch.id or 0,
        url=_page_of(access, batch),
        kind=KINDS[BatchKind(batch.kind)],
        title=UNSEEN if is_unseen else batch.title,
        author=author,
        at=batch.created_at,
        rows=rows,
        done=done,
        refused=refused,
        state="fini" if done + refused == rows else "en cours",
    )


def _page_of(access: CatalogueAccess, batch: Batch) -> str:
    """Approvals have a page of their own, with what takes them back."""
    if batch.kind in (BatchKind.APPROVAL, BatchKind.UNAPPROVE):
        return approval_batch_url(access.catalogue_id, batch.public_id)
    return batch_url(access.catalogue_id, batch.public_id)


def require_batch(session: Session, access: CatalogueAccess, public_id: str) -> Batch:
    """The batch of this catalogue, or NotFoundError."""
    batch = repository.find(session, access.catalogue_id, public_id)
    if batch is None:
        raise NotFoundError("Ce lot n'existe pas ou ne vous est pas ouvert.")
    return batch


def batch_page(
    session: Session, access: CatalogueAccess, batch: Batch, after: int, only_refused: bool, readings: str = ""
) -> BatchPage:
    """The page of one batch."""
    batch_id = batch.id or 0
    author = session.get(User, batch.author_id)
    is_unseen = bool(repository.hidden_batches(session, [batch_id], blind_person(access)))
    counts = repository.counts(session, [batch_id])
    line = _line(access, batch, author.display_name if author else "", counts, is_unseen=is_unseen)
    rows = repository.answered_rows(session, batch_id, ANSWERS + 1, after, only_refused)
    hidden = hidden_from(session, access, [row.local_test_id for row in rows]) if is_unseen else set()
    back = repository.takes_back(session, batch_id)
    origin = session.get(Batch, batch.of_batch_id) if batch.of_batch_id else None
    waiting = line.rows - line.done - line.refused
    url, suffix = line.url, "&resultat=laissees" if only_refused else ""
    is_own = batch.author_id == access.user_id
    return BatchPage(
        title=f"Lot n° {batch_id}",
        catalogue=access.catalogue,
        line=line,
        waiting=waiting,
        job_id=_job_of(session, batch) if waiting else None,
        expected=batch.expected,
        expected_least=batch.expected_least,
        said="" if is_unseen else _said(batch),
        of_url=batch_url(access.catalogue_id, origin.public_id) if origin else "",
        of_number=origin.id if origin else None,
        back_url=batch_url(access.catalogue_id, back.public_id) if back else "",
        may_take_back=(
            is_own and batch.kind in BY_TRANSCODERS and not waiting and origin is None and line.done > 0
            and (back is None or repository.is_in_force(session, batch_id))
        ),
        take_back_url=f"{url}/reprise",
        answers=[_answer(access, row) for row in rows[:ANSWERS] if row.local_test_id not in hidden],
        hidden=sum(row.local_test_id in hidden for row in rows[:ANSWERS]),
        only_refused=only_refused,
        all_url=url,
        refused_url=f"{url}?resultat=laissees",
        next_url=f"{url}?apres={rows[ANSWERS - 1].id}{suffix}" if len(rows) > ANSWERS else "",
        csv_url=f"{url}?format=csv",
        queue_url=f"/catalogues/{access.catalogue_id}/revue",
        list_url=f"/catalogues/{access.catalogue_id}/lots",
        readings=readings,
    )


def _said(batch: Batch) -> str:
    action = Action(batch.action)
    if batch.kind == BatchKind.FILTER:
        return "La meilleure proposition de chaque ligne, équivalente."
    if batch.kind == BatchKind.UNAPPROVE:
        return "Chaque approbation du lot est annulée par un nouveau fait."
    if action is Action.UNDO:
        return "Chaque décision du lot est annulée par un nouveau fait."
    parts = [with_capital(ACTION[action].removeprefix("a "))]
    parts += [text for text in (batch.reason, batch.comment) if text]
    if batch.relation:
        parts.append(RELATION[Relation(batch.relation)])
    return " — ".join(parts)


def _job_of(session: Session, batch: Batch) -> int | None:
    """The job that does it, while it is not over."""
    statement = (
        select(Job)
        .where(Job.catalogue_id == batch.catalogue_id, Job.kind == "batch", Job.created_by_id == batch.author_id)
        .order_by(col(Job.id).desc())
        .limit(50)
    )
    found = (job for job in session.exec(statement) if job.payload.get("batch_id") == batch.id)
    job = next(found, None)
    return job.id if job is not None and job.status in (JobStatus.WAITING, JobStatus.RUNNING) else None


def _answer(access: CatalogueAccess, row: Any) -> AnswerLine:
    state = WAITING if row.answered is None else DONE if row.decision_id is not None else LEFT
    return AnswerLine(
        url=f"/catalogues/{access.catalogue_id}/revue/{row.local_test_id}",
        code=row.code,
        label=row.label,
        specimen=row.specimen,
        unit=row.unit,
        loinc_num=row.loinc_num,
        # A confidence is that of a proposal: a code that was not proposed has none.
        confidence=row.confidence if row.proposal_id is not None else None,
        state=state,
        message=row.message or "",
    )


HEADER = ("Lot", "Demandé par", "Demandé le", "Code", "Libellé", "Milieu", "Unité", "Code LOINC", "Confiance",
          "Résultat", "Explication")  # fmt: skip


def batch_csv(database: Engine, access: CatalogueAccess, batch: Batch) -> Iterator[str]:
    """Every row of a batch with what became of it, but those whose decision is hidden from this person."""
    with reading(database) as session:
        found = repository.answered_rows(session, batch.id or 0)
        hidden = hidden_from(session, access, [row.local_test_id for row in found])
        rows = [row for row in found if row.local_test_id not in hidden]
        author = session.get(User, batch.author_id)
    name = author.display_name if author else ""
    return csv_pieces(HEADER, (_csv_line(batch, name, _answer(access, row)) for row in rows))


def _csv_line(batch: Batch, name: str, answer: AnswerLine) -> list[str]:
    confidence = format_percent(answer.confidence) if answer.confidence is not None else ""
    return [
        str(batch.id), name, paris_time(batch.created_at), answer.code, answer.label, answer.specimen, answer.unit,
        answer.loinc_num, confidence, answer.state.text, answer.message,
    ]  # fmt: skip
