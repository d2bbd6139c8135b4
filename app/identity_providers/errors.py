"""Why a sign-in through the provider ends without a session: one French sentence a reason, and a word for the trail."""

from enum import StrEnum

from app.errors import WorkbenchError


class Refusal(StrEnum):
    """The reasons, as the audit trail keeps them."""

    DENIED = "refusée chez le fournisseur"
    STATE = "demande inconnue ou périmée"
    REUSED = "réponse déjà employée"
    ISSUER = "réponse d'un autre fournisseur"
    CODE = "code refusé par le fournisseur"
    TOKEN = "jeton d'identité non valable"  # noqa: S105  a reason, no password
    ACR = "niveau d'authentification insuffisant"
    IDENTIFIER = "identifiant absent ou mal formé"
    UNKNOWN = "aucun compte lié"
    SUSPENDED = "compte désactivé"
    UNREACHABLE = "fournisseur injoignable"


SENTENCES = {
    Refusal.DENIED: "La connexion a été refusée ou abandonnée chez le fournisseur d'identité.",
    Refusal.STATE: "Cette demande de connexion est inconnue ou date de plus de dix minutes. Recommencez.",
    Refusal.REUSED: "Cette réponse du fournisseur d'identité a déjà servi. Recommencez la connexion.",
    Refusal.ISSUER: "La réponse ne vient pas du fournisseur d'identité de cette installation.",
    Refusal.CODE: "Le fournisseur d'identité n'a pas reconnu cette connexion. Recommencez.",
    Refusal.TOKEN: "La réponse du fournisseur d'identité n'est pas valable. Recommencez ; "
    "si cela se répète, prévenez l'administrateur.",
    Refusal.ACR: "Votre authentification n'est pas du niveau demandé. Recommencez avec votre carte CPS ou votre e-CPS, "
    "ou le moyen fort de votre établissement.",
    Refusal.IDENTIFIER: "Le fournisseur d'identité n'a pas donné d'identifiant utilisable "
    "(pour Pro Santé Connect : un numéro RPPS).",
    Refusal.UNKNOWN: "Aucun compte n'est lié à cette identité. Demandez à l'administrateur d'inscrire votre "
    "identifiant (votre numéro RPPS pour Pro Santé Connect) sur votre compte.",
    Refusal.SUSPENDED: "Ce compte est désactivé. Adressez-vous à l'administrateur.",
    Refusal.UNREACHABLE: "Le fournisseur d'identité ne répond pas. Réessayez dans un moment, ou connectez-vous par "
    "mot de passe.",
}


class ProviderRefusalError(WorkbenchError):
    """The sign-in stops here; `detail` is for the log, and holds no token, code nor secret."""

    status_code = 401

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(SENTENCES[reason])
        self.reason = reason
        self.detail = detail
        if reason is Refusal.UNREACHABLE:
            self.status_code = 503
