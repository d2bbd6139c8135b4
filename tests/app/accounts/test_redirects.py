"""After signing in one stays here."""

import pytest

from app.accounts.redirects import safe_next


@pytest.mark.parametrize("target", ["/", "/catalogues/3/revue?etat=todo&page=2", "/travaux/1", "/a//b"])
def test_our_own_pages_are_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "https://ailleurs.example/",
        "//ailleurs.example/",
        "/\\ailleurs.example/",
        "\\\\ailleurs.example",
        "/\t/ailleurs.example",
        "/\n//ailleurs.example",
        " /x",
        "javascript:alert(1)",
        "ailleurs",
        "/connexion",
        "/connexion?suite=/",
        "/deconnexion",
    ],
)
def test_anything_else_leads_home(target: str) -> None:
    assert safe_next(target) == "/"
