"""The administrator's side: what is loaded, uploads."""

from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

from sqlmodel import Session

from app.audit.service import record
from app.errors import InvalidInputError
from app.jobs.queue import JobQueue
from app.models import Job, StoredFile, User, ValueSetKind, utc_now
from app.platform.database import Transactions
from app.platform.open_transactions import forbid_open_transaction
from app.storage import service as storage
from app.terminology import grace, service, value_sets
from app.terminology.wording import VALUE_SET_LABELS, release_name
from app.text import french_day
from app.upgrades.jobs import JOB_KIND
from app.upgrades.pages import GraceLine, ReleaseLine, TerminologiesPage, ValueSetLine

MAX_RELEASE_BYTES = 600_000_000
KEPT = timedelta(days=7)
"""How long an archive that could not be loaded waits for the job to be started again."""
RELEASE_KINDS = {"official": "Distribution officielle", "starter": "Terminologie de départ"}
CHOSEN_KINDS = (ValueSetKind.CIRCUIT_BIOLOGIE, ValueSetKind.BIOLOGIE_FRANCE, ValueSetKind.CHAPTERS)


def terminologies_page(session: Session, notice: str = "", problem: str = "") -> TerminologiesPage:
    """Every release and value set that is loaded, and until when retired codes count."""
    rule = grace.rule_at(session)
    current = service.current_release(session)
    return TerminologiesPage(
        title="Terminologies",
        releases=[
            ReleaseLine(
                id=release.id or 0,
                name=release_name(release),
                kind=RELEASE_KINDS.get(release.kind, release.kind),
                source=release.source_name if release.kind == "official" else "",
                terms=release.term_count,
                loaded_at=release.loaded_at,
                is_current=release.is_current,
                doubt=service.doubt_of(None if release.is_current else current, release),
            )
            for release in service.releases(session)
        ],
        value_sets=[
            ValueSetLine(
                id=item.id or 0,
                kind=VALUE_SET_LABELS.get(ValueSetKind(item.kind), item.kind),
                title=item.title,
                version=item.version,
                source=item.source_name,
                members=item.member_count,
                loaded_at=item.loaded_at,
                is_current=item.is_current,
                belongs_to_release=item.release_id is not None,
            )
            for item in value_sets.value_sets(session)
        ],
        kinds=[(kind.value, VALUE_SET_LABELS[kind]) for kind in CHOSEN_KINDS],
        max_megabytes=MAX_RELEASE_BYTES // 1_000_000,
        grace_sentence=rule.sentence,
        grace_day=rule.last_day.isoformat() if rule.last_day else "",
        grace_history=[
            GraceLine(
                decided_at=fact.created_at,
                author=author,
                last_day=f"{french_day(fact.last_day)} inclus" if fact.last_day else "sans limite",
            )
            for fact, author in grace.history(session)
        ],
        notice=notice,
        problem=problem,
    )


def notice_of(
    session: Session, release_id: int | None, value_set_ids: list[int], ignored: int, says_grace: bool = False
) -> str:
    """What was just done, said from what is stored."""
    sentences = []
    if release_id is not None:
        name = release_name(service.get_release(session, release_id))
        sentences.append(f"{name} est maintenant la version utilisée.")
    for value_set_id in value_set_ids[:10]:
        sentences.append(value_sets.use_sentence(value_sets.get_value_set(session, value_set_id)))
    if says_grace:
        sentences.append(grace.rule_at(session).sentence)
    if ignored:
        sentences.append(f"Lignes sans code LOINC, laissées de côté\u202f: {ignored}.")
    return " ".join(sentences)


def receive_release(
    transactions: Transactions, queue: JobQueue, actor: User, *, file_name: str, content: IO[bytes], version: str
) -> Job:
    """Keep an uploaded archive where every worker reaches it, and load it in the background."""
    forbid_open_transaction("keep an uploaded release")
    name = Path(file_name.replace("\\", "/")).name[:200]
    if content.read(4) != b"PK\x03\x04":
        raise InvalidInputError("Envoyez l'archive .zip téléchargée sur loinc.org, telle quelle.")
    content.seek(0)
    received = StoredFile(created_by_id=actor.id, title=name, file_name=name, media_type="application/zip")
    draft = storage.write_draft(transactions.engine, received, storage.pieces_of(content))
    try:
        with transactions.writing() as session:
            stored = storage.publish(session, draft, f"version-{uuid4().hex}")
            stored.expires_at = utc_now() + KEPT
            record(session, "terminology.upload_release", actor=actor, object_type="file", source=name)
            return queue.enqueue(
                session,
                JOB_KIND,
                created_by_id=actor.id,
                payload={"file": draft.id, "name": name, "version": version.strip(), "actor_id": actor.id},
            )
    except Exception:
        # No job will ever load this copy.
        storage.remove_draft(transactions.engine, draft.id)
        raise
