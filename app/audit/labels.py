"""How the events of the trail read in French."""

from typing import Any

from app.models import BatchKind, EarlierUse
from app.web.wording import BAND, STATUS, role_label

ACTION_LABELS: dict[str, str] = {
    "assignment.give": "Lignes attribuées",
    "assignment.release": "Lignes libérées",
    "batch.asked": "Lot demandé",
    "batch.done": "Lot terminé",
    "catalogue.create": "Catalogue créé",
    "catalogue.import": "Fichiers importés",
    "catalogue.reimport": "Catalogue mis à jour",
    "decision.approve": "Décision approuvée",
    "decision.choose": "Code LOINC choisi",
    "decision.comment": "Commentaire ajouté",
    "decision.doubt": "Doute signalé",
    "decision.flag": "Repère posé",
    "decision.no_loinc": "Déclaré sans code LOINC",
    "decision.out_of_scope": "Déclaré hors périmètre",
    "decision.reimport": "Renvoyée par un nouvel export",
    "decision.reject_code": "Candidat écarté",
    "decision.restore_code": "Candidat repris",
    "decision.send_back": "Décision renvoyée",
    "decision.undo": "Décision annulée",
    "double_reading.read": "Deuxième lecture faite",
    "double_reading.reconcile": "Désaccord entre deux lectures concilié",
    "double_reading.set_shares": "Part relue à l’aveugle changée",
    "decision.unflag": "Repère retiré",
    "export.create": "Export produit",
    "habits.learn": "Habitudes du catalogue apprises",
    "habits.leave": "Habitudes du catalogue laissées de côté",
    "habits.use": "Habitudes du catalogue suivies",
    "identity.confirm": "Identité du fournisseur confirmée",
    "identity.remove": "Identité du fournisseur retirée",
    "identity.set": "Identité du fournisseur inscrite",
    "job.cancel": "Travail annulé",
    "job.retry": "Travail relancé",
    "laboratory.allow_reuse": "Réutilisation permise",
    "consistency.accept": "Avertissement de cohérence : vu, c’est voulu",
    "consistency.reopen": "Avertissement de cohérence remis à regarder",
    "laboratory.change": "Laboratoire modifié",
    "laboratory.create": "Laboratoire créé",
    "laboratory.forbid_reuse": "Réutilisation interdite",
    "laboratory.set_method_rules": "Règle sur les techniques changée",
    "membership.change": "Rôle changé",
    "memory.import": "Transcodage antérieur pris en mémoire",
    "earlier.receive": "Transcodage antérieur reçu pour un catalogue",
    "earlier.compare": "Transcodage antérieur comparé aux propositions",
    "earlier.take": "Transcodage antérieur repris",
    "memory.relink": "Mémoire reliée aux catalogues",
    "memory.withdraw": "Correspondance retirée de la mémoire",
    "patient_data.answer": "Nombres dits codes d’articles, et non NIR",
    "patient_data.overrule": "Garde des données de patients passée outre",
    "patient_data.refuse": "Données de patients refusées",
    "profile.change": "Profil de lecture remplacé",
    "profile.create": "Profil de lecture retenu",
    "profile.delete": "Profil de lecture supprimé",
    "profile.rename": "Profil de lecture renommé",
    "proposals.run": "Propositions calculées",
    "session.close": "Déconnexion",
    "session.open": "Connexion",
    "session.refuse": "Connexion refusée",
    "session.revoke_others": "Autres sessions fermées",
    "terminology.load_release": "Version LOINC chargée",
    "terminology.load_value_set": "Jeu de valeurs chargé",
    "terminology.make_current": "Version LOINC mise en service",
    "terminology.open_tasks": "Révisions ouvertes après un changement de version",
    "terminology.upload_release": "Version LOINC déposée",
    "terminology.set_grace_date": "Date limite des codes retirés de LOINC changée",
    "terminology.use_value_set": "Jeu de valeurs mis en service",
    "token.create": "Jeton d'accès créé",
    "token.revoke": "Jeton d'accès révoqué",
    "user.activate": "Compte réactivé",
    "user.change_password": "Mot de passe changé",
    "user.create": "Compte ouvert",
    "user.deactivate": "Compte désactivé",
    "user.demote": "Droit d'administrer retiré",
    "user.promote": "Droit d'administrer donné",
    "user.reset_password": "Mot de passe remplacé",
}
OBJECT_LABELS: dict[str, str] = {
    "api_token": "jeton d'accès",
    "batch": "lot",
    "catalogue": "catalogue",
    "export_record": "export",
    "file": "fichier",
    "grace_date": "date limite des codes retirés",
    "import_profile": "profil de lecture",
    "job": "travail",
    "laboratory": "laboratoire",
    "local_test": "ligne du catalogue",
    "loinc_release": "version LOINC",
    "memory_entry": "correspondance en mémoire",
    "user": "compte",
    "value_set": "jeu de valeurs",
}
DETAIL_LABELS: dict[str, str] = {
    "acr": "niveau d’authentification",
    "added": "ajoutées",
    "address": "adresse IP",
    "after": "après",
    "analyses": "analyses",
    "assignee": "attribuées à",
    "assignment_id": "attribution",
    "before": "avant",
    "canonical_url": "adresse FHIR",
    "catalogue_id": "catalogue",
    "changed": "modifiées",
    "chapters": "chapitres",
    "closed": "sessions fermées",
    "counts": "décompte",
    "decisions": "décisions",
    "doubt": "réserve",
    "decision_id": "décision",
    "digest": "empreinte des différences",
    "door": "entrée",
    "draft_id": "import en préparation",
    "email": "adresse électronique",
    "engine": "moteur",
    "entries": "correspondances",
    "exams": "examens",
    "expires_at": "échéance",
    "fhir_naming": "noms FHIR",
    "file_name": "fichier",
    "files": "fichiers",
    "finess": "FINESS",
    "identifier": "identifiant",
    "is_administrator": "administrateur",
    "is_agreement": "d’accord",
    "is_used": "en service",
    "kind": "sorte",
    "kinds": "sortes",
    "known": "déjà connues",
    "label": "libellé",
    "local_code": "code local",
    "last_day": "dernier jour compté",
    "loinc_num": "LOINC",
    "lowest_band": "à partir de la confiance",
    "members": "codes",
    "name": "nom",
    "new": "nouvelle version",
    "of_batch_id": "lot repris",
    "old": "ancienne version",
    "part": "partie",
    "previous": "précédente",
    "proposals": "propositions",
    "provider": "fournisseur d’identité",
    "reason": "motif",
    "refused": "laissées",
    "release": "version LOINC",
    "removed": "retirées",
    "returned": "revenues",
    "rows": "lignes",
    "run_id": "calcul",
    "scope": "portée",
    "sent_back": "renvoyées en revue",
    "sentence": "bilan",
    "sgl_name": "SGL",
    "sha256": "empreinte",
    "skipped": "non reprises",
    "source": "source",
    "statements": "codes antérieurs",
    "status": "état",
    "subject": "avertissement",
    "taken_as": "pris comme",
    "tasks": "révisions",
    "terms": "termes",
    "title": "intitulé",
    "unchanged": "inchangées",
    "undoes_id": "annule la décision",
    "verdicts": "comparaison",
    "version": "version",
    "warnings": "avertissements",
    "written": "enregistrées",
}
VALUE_LABELS: dict[str, dict[str, str]] = {
    "kind": {
        BatchKind.FILTER: "propositions acceptées",
        BatchKind.GROUP: "groupe de lignes identiques",
        BatchKind.TAKE_BACK: "reprise d’un lot",
    },
    "lowest_band": {band.value: word.text.lower() for band, word in BAND.items()},
    "status": {status.value: word.text.lower() for status, word in STATUS.items()},
    "taken_as": {EarlierUse.MEMORY: "indice", EarlierUse.TO_CONFIRM: "à confirmer", EarlierUse.LEFT: "laissé"},
}
"""By the name of the detail: the same word may be the label of a test or the code of a laboratory elsewhere."""


def action_label(action: str) -> str:
    """The French name of an action; an action without one is shown as it is recorded."""
    return ACTION_LABELS.get(action, action)


def object_label(object_type: str, object_id: str) -> str:
    """What an event is about, e.g. « compte n° 3 »."""
    name = OBJECT_LABELS.get(object_type, object_type)
    return f"{name} n° {object_id}" if object_id else name


def detail_text(value: Any, name: str = "") -> str:
    """The details of an event on one line: names in French, values too where `name` says they are words of ours."""
    if isinstance(value, dict):
        parts = [f"{DETAIL_LABELS.get(key, key)} : {detail_text(item, key)}" for key, item in value.items()]
        return " ; ".join(parts)
    if isinstance(value, list | tuple):
        return ", ".join(f"({detail_text(item)})" if isinstance(item, dict) else detail_text(item) for item in value)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value is None or value == "":
        return "—"
    return VALUE_LABELS.get(name, {}).get(str(value)) or role_label(str(value))
