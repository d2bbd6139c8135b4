"""Which machines stand between the browsers and the server, and may therefore speak for them."""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import Headers

from app.errors import WorkbenchError

FORWARDING_HEADERS = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _address_of(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


class TrustedProxies:
    """The addresses and networks whose forwarding headers are believed; nobody's when there are none."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._networks = tuple(networks)

    @classmethod
    def read(cls, text: str) -> "TrustedProxies":
        """From the setting: addresses or networks, separated by commas. Raises WorkbenchError for anything else."""
        try:
            return cls(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
        except ValueError as error:
            raise WorkbenchError(
                f"Réglage illisible : TRANSCODEUR_TRUSTED_PROXIES={text}. Donnez des adresses ou des réseaux, séparés "
                "par des virgules, par exemple 127.0.0.1,10.0.0.0/8."
            ) from error

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, host: str) -> bool:
        address = _address_of(host)
        return address is not None and any(address in network for network in self._networks)


def is_from_this_machine(peer: str, headers: Headers) -> bool:
    """Whether a program of this machine asks for itself: from a loopback address, by a local name, for nobody else.

    `peer` is who opened the connection, before any forwarding header was believed. A proxy that runs here comes from a
    loopback address too: what it passes on carries its headers, and does not count.
    """
    address = _address_of(peer)
    if address is None or not address.is_loopback or any(name in headers for name in FORWARDING_HEADERS):
        return False
    host = headers.get("host", "").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in LOCAL_NAMES
