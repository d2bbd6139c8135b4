"""What a request says beside its address: its parameters, in a query or a form, and how strictly they are meant."""

import re
from urllib.parse import parse_qsl

from fastapi import Request

from app.fhir.errors import FhirRequestError

Pairs = list[tuple[str, str]]
MOST_PARAMETERS = 500
FORM = "application/x-www-form-urlencoded"
HOW_TO_WRITE = frozenset({"_format", "_pretty"})
"""Parameters of every request: they say how the answer is written, not what it holds."""
_HANDLING = re.compile(r"(?:^|[,;])\s*handling\s*=\s*\"?(strict|lenient)\b", re.IGNORECASE)


def _pairs(text: str, where: str) -> Pairs:
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise FhirRequestError(f"Les paramètres {where} ne sont pas en UTF-8.", code="value") from None
    except ValueError:
        raise FhirRequestError(f"Plus de {MOST_PARAMETERS} paramètres {where}.", code="too-costly") from None
    for name, value in found:
        if "\0" in name or "\0" in value:
            raise FhirRequestError("Un paramètre contient un caractère nul.", code="value")
    return found


def query_of(request: Request) -> Pairs:
    """The parameters of the address, in their order; raises FhirRequestError for what is no text."""
    raw: bytes = request.scope.get("query_string", b"")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise FhirRequestError("L'adresse n'est pas en UTF-8.", code="value") from None
    return _pairs(text, "de l'adresse")


def form_of(request: Request, body: bytes) -> Pairs:
    """The parameters of a form that was sent; raises FhirRequestError for another content."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body and not content_type:
        return []
    if content_type != FORM:
        raise FhirRequestError(f"Une recherche par POST s'envoie en {FORM}.", 415)
    try:
        return _pairs(body.decode(), "du formulaire")
    except UnicodeDecodeError:
        raise FhirRequestError("Le formulaire n'est pas en UTF-8.", code="value") from None


def single(parameters: Pairs, name: str) -> str:
    """The value of a parameter that is given once; empty when it is not."""
    values = [value for given, value in parameters if given == name]
    if len(values) > 1:
        raise FhirRequestError(f"Le paramètre {name} est donné deux fois.")
    return values[0].strip() if values else ""


def is_strict(request: Request) -> bool:
    """Whether the caller wants a parameter that we do not know to be an error (`Prefer: handling=strict`)."""
    found = _HANDLING.search(",".join(request.headers.getlist("prefer")))
    return found is not None and found[1].lower() == "strict"


def refuse_unknown(request: Request, parameters: Pairs, known: frozenset[str]) -> None:
    """Refuse, for a caller that wants it, parameters that change nothing here."""
    unknown = [name for name, _ in parameters if name not in known | HOW_TO_WRITE]
    if unknown and is_strict(request):
        names = ", ".join(dict.fromkeys(unknown))
        raise FhirRequestError(f"Paramètres sans effet ici : {names[:200]}.", code="not-supported")
