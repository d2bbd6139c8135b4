"""Where the FHIR service answers."""

from fastapi import Request

from app.settings import Settings


def service_address(request: Request) -> str:
    """The public address of the service; where the settings give none, as the caller reached this installation.

    The name that the caller gave is then one of those that the installation answers to.
    """
    settings: Settings = request.app.state.settings
    return f"{settings.public_address or str(request.base_url).rstrip('/')}/fhir"
