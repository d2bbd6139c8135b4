"""Which machines may speak for others, and what counts as this machine."""

import pytest
from starlette.datastructures import Headers

from app.errors import WorkbenchError
from app.web.proxies import FORWARDING_HEADERS, TrustedProxies, is_from_this_machine


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.4.5.6", True),
        ("127.0.0.2", False),
        ("11.4.5.6", False),
        ("2001:db8::1", False),
        ("testclient", False),
        ("", False),
    ],
)
def test_addresses_and_networks_are_trusted(host: str, trusted: bool) -> None:
    assert (host in TrustedProxies.read("127.0.0.1, 10.0.0.0/8")) is trusted


def test_nobody_is_trusted_by_default() -> None:
    proxies = TrustedProxies.read("")
    assert not proxies
    assert "127.0.0.1" not in proxies


@pytest.mark.parametrize("text", ["*", "mandataire", "10.0.0.1/8"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(WorkbenchError, match="TRANSCODEUR_TRUSTED_PROXIES="):
        TrustedProxies.read(text)


@pytest.mark.parametrize(
    ("peer", "host", "local"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("::1", "[::1]:8000", True),
        ("127.0.0.1", "LOCALHOST", True),
        ("127.0.0.1", "atelier.exemple.fr", False),
        ("127.0.0.1", "", False),
        ("192.0.2.7", "localhost", False),
        ("testclient", "localhost", False),
    ],
)
def test_this_machine_is_a_loopback_address_under_a_local_name(peer: str, host: str, local: bool) -> None:
    assert is_from_this_machine(peer, Headers({"host": host})) is local


@pytest.mark.parametrize("header", FORWARDING_HEADERS)
def test_what_a_proxy_of_this_machine_passes_on_is_not_local(header: str) -> None:
    assert not is_from_this_machine("127.0.0.1", Headers({"host": "localhost", header: "127.0.0.1"}))
