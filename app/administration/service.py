"""What the administration pages show, gathered from the accounts, the laboratories and the trail."""

from collections import defaultdict

from sqlmodel import Session

from app.accounts import repository as accounts
from app.administration import repository
from app.administration.pages import (
    AdminLaboratoryPage,
    EventLine,
    JournalPage,
    LaboratoriesPage,
    LaboratoryLine,
    RoleLine,
    SelectOption,
    UserLine,
    UserPage,
    UsersPage,
)
from app.audit.heads import heads
from app.audit.labels import action_label, detail_text, object_label
from app.identity_providers.profile import profile_of
from app.laboratories import repository as laboratories
from app.laboratories.deadlines import deadlines_of
from app.models import Laboratory, Membership, User, utc_now
from app.portability.pages import closed_lines
from app.settings import Settings
from app.text import in_paris
from app.tokens.service import token_lines
from app.transcoding.readers import BLIND, hidden_from_user
from app.web.wording import ROLE_LABELS, role_label

EVENTS_PER_PAGE = 100
ROLE_CHOICES = [SelectOption(value=str(role), label=label) for role, label in ROLE_LABELS.items()]


def _identifier(value: int | None) -> int:
    assert value is not None
    return value


def _role_line(membership: Membership, user: User, laboratory: Laboratory) -> RoleLine:
    return RoleLine(
        user_id=_identifier(user.id),
        user_name=user.display_name,
        email=user.email,
        laboratory_id=_identifier(laboratory.id),
        laboratory=laboratory.name,
        role=membership.role,
    )


def users_page(session: Session, *, email: str = "", name: str = "", problem: str = "") -> UsersPage:
    """All accounts with their roles."""
    roles: dict[int, list[str]] = defaultdict(list)
    for membership, user, laboratory in repository.all_roles(session):
        roles[_identifier(user.id)].append(f"{laboratory.name} ({role_label(membership.role).lower()})")
    lines = [
        UserLine(
            id=_identifier(user.id),
            name=user.display_name,
            email=user.email,
            is_administrator=user.is_administrator,
            is_active=user.is_active,
            roles=", ".join(roles[_identifier(user.id)]),
            created_at=user.created_at,
        )
        for user in accounts.list_users(session)
    ]
    return UsersPage(title="Comptes", users=lines, email=email, name=name, problem=problem)


def user_page(
    session: Session,
    settings: Settings,
    user: User,
    actor: User,
    notice: str = "",
    problem: str = "",
    entered: str | None = None,
) -> UserPage:
    """One account, its roles, and the laboratories where it has none."""
    user_id = _identifier(user.id)
    memberships = [
        _role_line(membership, user, laboratory) for membership, laboratory in accounts.memberships_of(session, user_id)
    ]
    taken = {line.laboratory_id for line in memberships}
    free = [
        SelectOption(value=str(laboratory.id), label=laboratory.name)
        for laboratory in laboratories.list_laboratories(session)
        if laboratory.id not in taken
    ]
    profile = profile_of(settings)
    identity = accounts.provider_identity_of(session, user_id)
    if profile is None or (identity is not None and identity.issuer != profile.issuer):
        identity = None
    return UserPage(
        title=user.display_name,
        user_id=user_id,
        email=user.email,
        is_administrator=user.is_administrator,
        is_active=user.is_active,
        must_change_password=user.must_change_password,
        has_password=bool(user.password_hash),
        has_second_factor=user.has_second_factor,
        is_self=user.id == actor.id,
        memberships=memberships,
        free_laboratories=free,
        roles=ROLE_CHOICES,
        notice=notice,
        identifier_name=profile.identifier_name if profile is not None else "",
        identifier=entered if entered is not None else identity.identifier if identity is not None else "",
        is_confirmed=identity is not None and identity.confirmed_at is not None,
        problem=problem,
    )


def laboratories_page(session: Session, *, form: dict[str, str] | None = None, problem: str = "") -> LaboratoriesPage:
    """All laboratories with the number of their members."""
    counts = laboratories.member_counts(session)
    lines = [
        LaboratoryLine(
            id=_identifier(laboratory.id),
            name=laboratory.name,
            finess=laboratory.finess,
            sgl_name=laboratory.sgl_name,
            members=counts.get(_identifier(laboratory.id), 0),
            created_at=laboratory.created_at,
        )
        for laboratory in laboratories.list_laboratories(session)
    ]
    empty = {"name": "", "finess": "", "sgl_name": "", "canonical_url": ""}
    return LaboratoriesPage(
        title="Laboratoires", laboratories=lines, closed=closed_lines(session), form=form or empty, problem=problem
    )


def laboratory_page(
    session: Session,
    laboratory: Laboratory,
    fhir_address: str,
    *,
    form: dict[str, str] | None = None,
    notice: str = "",
    problem: str = "",
) -> AdminLaboratoryPage:
    """One laboratory, its members, and the people who are not."""
    laboratory_id = _identifier(laboratory.id)
    known = {
        "name": laboratory.name,
        "finess": laboratory.finess,
        "sgl_name": laboratory.sgl_name,
        "canonical_url": laboratory.canonical_url,
        "fhir_naming": laboratory.fhir_naming,
    }
    members = [
        _role_line(membership, user, laboratory) for user, membership in laboratories.members_of(session, laboratory_id)
    ]
    taken = {line.user_id for line in members}
    free = [
        SelectOption(value=str(user.id), label=f"{user.display_name} ({user.email})")
        for user in accounts.list_users(session)
        if user.id not in taken and user.is_active
    ]
    return AdminLaboratoryPage(
        title=laboratory.name,
        laboratory_id=laboratory_id,
        form=form or known,
        members=members,
        free_users=free,
        roles=ROLE_CHOICES,
        tokens=token_lines(session, laboratory_id),
        tokens_action=f"/administration/laboratoires/{laboratory_id}/jetons",
        fhir_address=fhir_address,
        deadlines=deadlines_of(session, [laboratory_id], in_paris(utc_now()).date())[laboratory_id],
        deadlines_action=f"/administration/laboratoires/{laboratory_id}/echeances",
        notice=notice,
        problem=problem,
    )


def journal_page(session: Session, reader: User, before: int | None) -> JournalPage:
    """A page of the audit trail; an administrator who may read a row a second time learns nothing of it there."""
    rows = repository.list_events(session, before, EVENTS_PER_PAGE + 1)
    about = {event.id: int(event.object_id) for event, _ in rows if event.object_type == "local_test"}
    unseen = hidden_from_user(session, reader, about.values())
    hidden = {event_id for event_id, row_id in about.items() if row_id in unseen}
    events = [
        EventLine(
            id=_identifier(audit_event.id),
            at=audit_event.at,
            actor="" if audit_event.id in hidden else audit_event.actor_label,
            action=BLIND.text if audit_event.id in hidden else action_label(audit_event.action),
            subject=object_label(audit_event.object_type, audit_event.object_id),
            laboratory=laboratory,
            details="" if audit_event.id in hidden else detail_text(audit_event.details),
        )
        for audit_event, laboratory in rows[:EVENTS_PER_PAGE]
    ]
    older = f"/administration/journal?avant={events[-1].id}" if len(rows) > EVENTS_PER_PAGE else ""
    return JournalPage(title="Journal", events=events, heads=heads(session), older_url=older)
