"""The one thing to do next on a catalogue, in one sentence, for each role. Pure: it is given the numbers."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from app.models import Role
from app.text import counted

MOST_READINGS = 100
"""How many readings are counted: beyond, « plus de 99 »."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a catalogue, in rows of every level."""

    todo: int = 0
    doubt: int = 0
    decided: int = 0
    approved: int = 0
    sent_back: int = 0
    own_decided: int = 0
    """Of the decided ones: by the person who asks, so that another biologist approves them."""
    own_sent_back: int = 0
    has_proposals: bool = False
    to_read: int = 0
    """Decisions of others that this person may read a second time, at most `MOST_READINGS`."""
    to_reconcile: int = 0
    """Readings that differ, at most `MOST_READINGS`."""
    is_importing: bool = False
    is_searching: bool = False

    @property
    def total(self) -> int:
        """Every row."""
        return self.todo + self.doubt + self.decided + self.approved + self.sent_back

    @property
    def to_approve(self) -> int:
        """Decided rows that this person may approve, if she is a biologist."""
        return max(0, self.decided - self.own_decided)


@dataclass(frozen=True, slots=True)
class Also:
    """Something that waits beside the next step, and where it is."""

    sentence: str
    link: str
    url: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """A sentence, and where it leads; `link` is empty when there is nothing to do."""

    sentence: str
    link: str = ""
    url: str = ""
    waiting: int = 0
    """How many rows wait for this person, for the badge."""
    also: tuple[Also, ...] = ()
    """What waits in the double reading."""

    @property
    def said(self) -> str:
        """Every sentence."""
        return " ".join([self.sentence, *(item.sentence for item in self.also)])


def next_step(role: Role, waiting: Waiting, catalogue_id: int, laboratory_id: int, user_id: int) -> NextStep:
    """What this person does next here, and what else waits for her."""
    step = _first(role, waiting, catalogue_id, laboratory_id, user_id)
    return replace(step, also=_readings(role, waiting, f"/catalogues/{catalogue_id}/double-lecture"))


def _readings(role: Role, waiting: Waiting, url: str) -> tuple[Also, ...]:
    """What waits in the double reading: a reconciliation for who may make it, a second reading for who may read."""
    found = []
    if role is Role.BIOLOGIST and waiting.to_reconcile:
        sentence = _at_most(
            waiting.to_reconcile, "lecture en désaccord attend une conciliation.",
            "lectures en désaccord attendent une conciliation.",
        )  # fmt: skip
        found.append(Also(sentence, "Concilier", url))
    if role is not Role.READER and waiting.to_read:
        sentence = _at_most(
            waiting.to_read, "ligne attend votre deuxième lecture.", "lignes attendent votre deuxième lecture."
        )
        found.append(Also(sentence, "Lire", url))
    return tuple(found)


def _at_most(number: int, one: str, many: str) -> str:
    return counted(number, one, many) if number < MOST_READINGS else f"Plus de {MOST_READINGS - 1} {many}"


def _first(role: Role, waiting: Waiting, catalogue_id: int, laboratory_id: int, user_id: int) -> NextStep:
    place = f"/catalogues/{catalogue_id}"
    if waiting.is_importing:
        return NextStep("Un import est en cours : ses lignes arrivent.")
    if waiting.total == 0:
        if role is Role.READER:
            return NextStep("Ce catalogue est encore vide.")
        address = f"/laboratoires/{laboratory_id}/importer?" + urlencode([("catalogue", catalogue_id)])
        return NextStep("Ce catalogue est vide : importez le fichier du laboratoire.", "Importer", address)
    if role is Role.READER:
        return _of_reader(waiting, place)
    if waiting.is_searching:
        sentence = "Les propositions sont en cours de calcul ; la revue s'ouvre déjà."
        return NextStep(sentence, "Ouvrir la revue", _review(place))
    if not waiting.has_proposals and waiting.todo:
        return NextStep("Aucune proposition n'est encore calculée : lancez la recherche.", "Voir le catalogue", place)
    return _of_transcoder(waiting, place, user_id) if role is Role.TRANSCODER else _of_biologist(waiting, place)


def _review(place: str, *filters: tuple[str, str]) -> str:
    return f"{place}/revue" + (f"?{urlencode(filters)}" if filters else "")


def _of_transcoder(waiting: Waiting, place: str, user_id: int) -> NextStep:
    if waiting.own_sent_back:
        sentence = counted(
            waiting.own_sent_back, "de vos décisions vous est renvoyée : à revoir d'abord.",
            "de vos décisions vous sont renvoyées : à revoir d'abord.",
        )  # fmt: skip
        address = _review(place, ("etat", "renvoyee"), ("auteur", str(user_id)))
        return NextStep(sentence, "Les revoir", address, waiting.own_sent_back)
    if waiting.todo:
        sentence = counted(waiting.todo, "ligne reste à décider.", "lignes restent à décider.")
        return NextStep(sentence, "Reprendre la file", _review(place, ("etat", "a-traiter")), waiting.todo)
    if waiting.sent_back:
        sentence = counted(waiting.sent_back, "ligne renvoyée est à revoir.", "lignes renvoyées sont à revoir.")
        return NextStep(sentence, "Les revoir", _review(place, ("etat", "renvoyee")), waiting.sent_back)
    if waiting.doubt:
        sentence = counted(waiting.doubt, "doute reste à lever.", "doutes restent à lever.")
        return NextStep(sentence, "Voir les doutes", _review(place, ("etat", "doute")), waiting.doubt)
    if waiting.decided:
        sentence = counted(
            waiting.decided, "ligne attend l'approbation d'un biologiste.",
            "lignes attendent l'approbation d'un biologiste.",
        )  # fmt: skip
        return NextStep(f"Tout est décidé : {sentence}", "Voir la couverture", f"{place}/couverture")
    return _all_approved(place)


def _of_biologist(waiting: Waiting, place: str) -> NextStep:
    if waiting.to_approve:
        sentence = counted(
            waiting.to_approve, "décision attend votre approbation.", "décisions attendent votre approbation."
        )
        return NextStep(sentence, "Approuver", f"{place}/approbation/lecture", waiting.to_approve)
    if waiting.doubt:
        sentence = counted(waiting.doubt, "doute attend une réponse.", "doutes attendent une réponse.")
        return NextStep(sentence, "Répondre aux doutes", _review(place, ("etat", "doute")), waiting.doubt)
    left = waiting.todo + waiting.sent_back
    if left:
        sentence = counted(left, "ligne reste à décider.", "lignes restent à décider.")
        return NextStep(f"Rien n'attend votre approbation ; {sentence}", "Ouvrir la revue", _review(place), left)
    if waiting.own_decided:
        sentence = counted(
            waiting.own_decided, "de vos décisions attend un autre biologiste.",
            "de vos décisions attendent un autre biologiste.",
        )  # fmt: skip
        return NextStep(sentence, "Voir la couverture", f"{place}/couverture")
    return _all_approved(place)


def _of_reader(waiting: Waiting, place: str) -> NextStep:
    sentence = counted(waiting.approved, "ligne est approuvée", "lignes sont approuvées")
    rest = waiting.total - waiting.approved
    tail = f" ; {counted(rest, 'ne l’est pas encore.', 'ne le sont pas encore.')}" if rest else "."
    return NextStep(sentence + tail, "Voir la couverture", f"{place}/couverture")


def _all_approved(place: str) -> NextStep:
    sentence = "Tout est approuvé : le catalogue peut être rendu au laboratoire."
    return NextStep(sentence, "Préparer les exports", f"{place}/exports")
