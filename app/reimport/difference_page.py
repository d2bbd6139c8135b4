"""What a newer export would change, as the pages ask for it: computed apart, from the files and the catalogue."""

from sqlalchemy import Engine

from app.catalogues.drafts import Draft, open_draft
from app.models import Catalogue, Laboratory, UploadDraft
from app.platform.database import Transactions, reading
from app.reimport.difference import Difference
from app.reimport.difference_view import (
    KIND_WORDS,
    PAGE_SIZE,
    DifferencePage,
    DifferenceQuery,
    choices_of,
    completed_sentences,
    difference_csv,
    line_of,
)
from app.reimport.service import differences


def _compared(engine: Engine, stored: UploadDraft, max_bytes: int) -> tuple[Draft, Difference] | None:
    """The files and what they would change; None when they cannot be compared, which their preview explains."""
    draft = open_draft(engine, stored, max_bytes)
    if draft.problems or draft.plan.unsettled or not draft.plan.updates:
        return None
    return draft, differences(Transactions(engine), draft)


def digest_of_differences(engine: Engine, stored: UploadDraft, max_bytes: int) -> str | None:
    """What the differences are recognised by when the user confirms them."""
    found = _compared(engine, stored, max_bytes)
    return None if found is None else found[1].digest


def csv_of_differences(engine: Engine, stored: UploadDraft, max_bytes: int, query: DifferenceQuery) -> str | None:
    """The differences asked for, for a spreadsheet."""
    found = _compared(engine, stored, max_bytes)
    if found is None:
        return None
    return "".join(difference_csv(test for test in found[1].tests if query.keeps(test)))


def page_of_differences(
    engine: Engine,
    stored: UploadDraft,
    max_bytes: int,
    laboratory: Laboratory,
    path: str,
    query: DifferenceQuery,
    has_moved: bool,
) -> DifferencePage | None:
    """The page of the differences asked for."""
    found = _compared(engine, stored, max_bytes)
    if found is None:
        return None
    draft, difference = found
    with reading(engine) as session:
        catalogue = session.get_one(Catalogue, stored.catalogue_id)
    assert stored.id is not None
    assert laboratory.id is not None
    kept = [test for test in difference.tests if query.keeps(test)]
    start = (query.page - 1) * PAGE_SIZE
    shown = kept[start : start + PAGE_SIZE]
    kinds, levels, columns = choices_of(difference, query, path)
    counts = difference.counts
    return DifferencePage(
        title="Différences avec le catalogue",
        laboratory_id=laboratory.id,
        laboratory_name=laboratory.name,
        catalogue_id=catalogue.id or 0,
        catalogue_name=catalogue.name,
        draft_id=stored.id,
        address=path,
        digest=difference.digest,
        file_names=[file.stored.file_name for file in draft.files if not file.stored.is_ignored],
        summary=[(words[3], counts[kind], words[2]) for kind, words in KIND_WORDS.items()],
        sent_back=len(difference.sent_back),
        kinds=kinds,
        levels=levels,
        columns=columns,
        query=query,
        csv_url=query.url(path) + ("&" if "?" in query.url(path) else "?") + "format=csv",
        lines=[line_of(test) for test in shown],
        total=len(kept),
        first=start + 1 if shown else 0,
        last=start + len(shown),
        previous_url=query.url(path, page=query.page - 1) if query.page > 1 else "",
        next_url=query.url(path, page=query.page + 1) if start + PAGE_SIZE < len(kept) else "",
        warnings=draft.plan.warnings + completed_sentences(difference),
        has_moved=has_moved,
    )
