"""Where the FHIR service answers."""

from fastapi import Request


def service_address(request: Request) -> str:
    """The address of the service as the caller reached this installation."""
    return f"{str(request.base_url).rstrip('/')}/fhir"
