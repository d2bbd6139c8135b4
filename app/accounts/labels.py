"""French names of the roles."""

from app.models import Role

ROLE_LABELS: dict[str, str] = {
    Role.TRANSCODER: "Transcodeur",
    Role.BIOLOGIST: "Biologiste",
    Role.READER: "Lecteur",
}


def role_label(role: str) -> str:
    """The French name of a role."""
    return ROLE_LABELS.get(role, role)


def parse_role(text: str) -> Role | None:
    """A role from its code or its French name, whatever the case; None when it is none of them."""
    wanted = text.strip().casefold()
    for role, label in ROLE_LABELS.items():
        if wanted in (str(role), label.casefold()):
            return Role(role)
    return None
