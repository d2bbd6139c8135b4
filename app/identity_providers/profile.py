"""What the installation asks of its provider: the settings, completed by what Pro Santé Connect requires."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.errors import InvalidInputError
from app.identity_providers.rpps import LENGTH, is_rpps, rpps_of_subject_name
from app.settings import Settings

CALLBACK_PATH = "/connexion/fournisseur/retour"
_PSC = "pro-sante-connect"
_LONGEST_IDENTIFIER = 255


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


@dataclass(frozen=True, slots=True)
class ProviderProfile:
    """One provider of identities, as this installation uses it."""

    issuer: str
    discovery: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scope: str
    identifier_claim: str
    acr_values: tuple[str, ...]
    """The levels accepted; all of them when it is empty."""
    two_factor_acr_values: tuple[str, ...]
    is_psc: bool
    longest_session: timedelta | None
    certificate: str = ""
    """File of the certificate that the provider asks of its client, when it does."""
    certificate_key: str = ""
    """File of its key; empty when the other holds both."""

    @property
    def name(self) -> str:
        """How the provider is named in a sentence."""
        return "Pro Santé Connect" if self.is_psc else "le fournisseur d’identité"

    @property
    def identifier_name(self) -> str:
        """How what it names people by is called."""
        return "Numéro RPPS" if self.is_psc else f"Identifiant chez le fournisseur ({self.identifier_claim})"

    def identifier_of(self, claimed: object) -> str | None:
        """What the account keeps of the claim that names the person; None when it has another form."""
        if not isinstance(claimed, str) or not claimed or len(claimed) > _LONGEST_IDENTIFIER:
            return None
        if self.is_psc:
            return rpps_of_subject_name(claimed)
        return claimed if claimed.isprintable() and claimed == claimed.strip() else None

    def checked_identifier(self, entered: str) -> str:
        """What an administrator entered, as it is kept; raises InvalidInputError."""
        if self.is_psc:
            number = "".join(entered.split())
            number = number[1:] if len(number) == LENGTH + 1 and number.startswith("8") else number
            if not is_rpps(number):
                raise InvalidInputError("Un numéro RPPS compte onze chiffres, dont le dernier est une clé.")
            return number
        identifier = self.identifier_of(entered.strip())
        if identifier is None:
            raise InvalidInputError("L'identifiant doit tenir sur une ligne de 255 caractères au plus.")
        return identifier


def profile_of(settings: Settings) -> ProviderProfile | None:
    """The provider that the settings name; None when there is none, or when they lack something."""
    if not settings.oidc_issuer or settings.oidc_missing:
        return None
    is_psc = settings.oidc_profile == _PSC
    default_acr = ("eidas1",) if is_psc else ()
    return ProviderProfile(
        issuer=settings.oidc_issuer,
        discovery=settings.oidc_discovery or f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_uri=f"{settings.public_address}{CALLBACK_PATH}",
        scope="openid scope_all" if is_psc else "openid profile email",
        identifier_claim=settings.oidc_identifier_claim or ("SubjectNameID" if is_psc else "sub"),
        acr_values=_words(settings.oidc_acr_values) or default_acr,
        two_factor_acr_values=_words(settings.oidc_two_factor_acr_values) or default_acr,
        is_psc=is_psc,
        longest_session=timedelta(hours=4) if is_psc else None,
        certificate=settings.oidc_certificate,
        certificate_key=settings.oidc_certificate_key,
    )
