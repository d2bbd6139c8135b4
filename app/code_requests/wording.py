"""The French of requests."""

from app.code_requests.repository import Declared
from app.models import RequestAction, RequestStatus
from app.web.wording import Word

STATUS = {
    RequestStatus.TO_PREPARE: Word("À préparer", "chip-mute", "○"),
    RequestStatus.SENT: Word("Envoyée", "chip-info", "→"),
    RequestStatus.ACCEPTED: Word("Acceptée", "chip-ok", "✔"),
    RequestStatus.REFUSED: Word("Refusée", "chip-bad", "✘"),
    RequestStatus.WITHDRAWN: Word("Retirée", "chip-mute", "–"),
}
DECLARED = {
    Declared.APPROVED: Word("Approuvée", "chip-ok", "✔"),
    Declared.DECIDED: Word("Décidée seulement", "chip-info", "●"),
    Declared.CLOSED: Word("Close", "chip-mute", "–"),
}
STATUS_WORD = {
    "a-preparer": RequestStatus.TO_PREPARE,
    "envoyee": RequestStatus.SENT,
    "acceptee": RequestStatus.ACCEPTED,
    "refusee": RequestStatus.REFUSED,
    "retiree": RequestStatus.WITHDRAWN,
}
DECLARED_WORD = {"approuvee": Declared.APPROVED, "decidee": Declared.DECIDED, "close": Declared.CLOSED}
ACTION_WORD = {
    "envoyer": RequestAction.SEND,
    "accepter": RequestAction.ACCEPT,
    "refuser": RequestAction.REFUSE,
    "retirer": RequestAction.WITHDRAW,
    "rouvrir": RequestAction.REOPEN,
    "code-attente": RequestAction.WAITING_CODE,
}
ACTION_DONE = {
    RequestAction.SEND: "a envoyé la demande",
    RequestAction.ACCEPT: "a inscrit l’acceptation",
    RequestAction.REFUSE: "a inscrit le refus",
    RequestAction.WITHDRAW: "a retiré la demande",
    RequestAction.REOPEN: "a rouvert la demande",
    RequestAction.WAITING_CODE: "a donné un code d’attente",
}
TOOK_AWAY = "a ôté le code d’attente"
