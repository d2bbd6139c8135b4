"""Where to go after signing in: only to a page of ours."""

from urllib.parse import urlsplit

_NOT_A_PLACE = ("/connexion", "/deconnexion", "/connexion/second-facteur", "/compte/confirmation")


def safe_next(target: str) -> str:
    """The path to continue on, or `/` when the given one could lead to another site or back to sign-in."""
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return "/"
    if any(ord(character) < 0x21 or ord(character) == 0x7F for character in target):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.rstrip("/") in _NOT_A_PLACE:
        return "/"
    return target
