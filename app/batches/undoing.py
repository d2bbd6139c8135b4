"""The key that undoes takes a batch back as a whole: one act, one batch."""

from functools import partial

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from app.batches import repository
from app.batches.asking import ask_to_take_back
from app.jobs.queue import JobQueue
from app.models import Batch, BatchAnswer, Decision
from app.platform.identity import CatalogueAccess
from app.text import counted
from app.transcoding import undoables


def batch_url(catalogue_id: int, public_id: str) -> str:
    """The page of a batch."""
    return f"/catalogues/{catalogue_id}/lots/{public_id}"


class Batches:
    """The batches of a person, as things to undo."""

    def holds(self) -> ColumnElement[bool]:
        """The facts that batches wrote."""
        answers = select(col(BatchAnswer.decision_id)).where(col(BatchAnswer.decision_id) == col(Decision.id))
        return answers.exists()

    def newest(self, session: Session, access: CatalogueAccess, before: int | None) -> undoables.Together | None:
        """The newest batch of this person in this catalogue."""
        found = repository.newest_of(session, access.catalogue_id, access.user_id, before)
        if found is None:
            return None
        batch, newest_fact_id = found
        _, done, _ = repository.counts(session, [batch.id or 0])[batch.id or 0]
        title = f"le lot n° {batch.id} ({batch.title}), {counted(done, 'ligne', 'lignes')}"
        return undoables.Together(newest_fact_id, title, partial(self._take_back, batch))

    def _take_back(self, batch: Batch, session: Session, access: CatalogueAccess, queue: JobQueue) -> str:
        back = ask_to_take_back(session, queue, access, batch)
        return batch_url(access.catalogue_id, back.public_id)


undoables.register(Batches())
