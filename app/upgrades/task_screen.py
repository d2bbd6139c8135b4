"""The decisions of a catalogue that a new release asks to look at again, old and new side by side."""

from typing import Any

from sqlmodel import Session

from app.models import ReviewTask, TaskKind
from app.platform.identity import CatalogueAccess
from app.terminology.pages import RelatedLine
from app.terminology.wording import AXIS_LABELS, TASK_LABELS, status_label
from app.transcoding.readers import hidden_from
from app.upgrades import tasks
from app.upgrades.pages import ComparedLine, TaskCard, TasksPage

PAGE_SIZE = 40
INSTEAD = "Codes que LOINC donne à la place"
ALSO = "Autres nouveaux codes qui concordent"


def tasks_page(session: Session, access: CatalogueAccess, page: int) -> TasksPage:
    """The open tasks of a catalogue, a page at a time (pages count from 1)."""
    total = tasks.count_open_tasks(session, access.catalogue_id)
    last = max(1, -(-total // PAGE_SIZE))
    page = min(page, last)
    shown = tasks.open_tasks(session, access.catalogue_id, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    hidden = hidden_from(session, access, [task.local_test_id for task, _ in shown])
    return TasksPage(
        title=f"Décisions à revoir — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="revue",
        laboratory_name=access.laboratory.name,
        total=total,
        page=page,
        last_page=last,
        cards=[_card(task, test.code, test.label) for task, test in shown if task.local_test_id not in hidden],
    )


def _card(task: ReviewTask, code: str, label: str) -> TaskCard:
    text, css_class = TASK_LABELS[TaskKind(task.kind)]
    return TaskCard(
        local_test_id=task.local_test_id,
        code=code,
        label=label,
        loinc_num=task.loinc_num,
        kind_label=text,
        kind_class=css_class,
        lines=compared_lines(task.old, task.new),
        replacements_title=ALSO if task.kind == TaskKind.CODE_PLAUSIBLE else INSTEAD,
        replacements=[_replacement(item) for item in task.replacements],
        created_at=task.created_at,
    )


def compared_lines(old: dict[str, Any], new: dict[str, Any]) -> list[ComparedLine]:
    """Axes, name and status before and after."""
    rows = {**AXIS_LABELS, "long_common_name": "Nom long", "status": "Statut"}
    lines = []
    for field, label in rows.items():
        before, after = str(old.get(field, "")), str(new.get(field, ""))
        if field == "status":
            before, after = (status_label(value)[0] if value else "" for value in (before, after))
        is_changed = bool(old) and bool(new) and before != after
        lines.append(ComparedLine(label=label, old=before, new=after, is_changed=is_changed))
    return lines


def _replacement(item: dict[str, Any]) -> RelatedLine:
    label, css_class = status_label(item["status"]) if item["status"] else ("Absent", "chip-mute")
    return RelatedLine(
        loinc_num=item["loinc_num"],
        name=item["name"],
        status_label=label,
        status_class=css_class,
        note=item["comment"],
    )
