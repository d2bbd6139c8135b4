"""Every action that the application records has a French name in the journal."""

import ast
import re

from fastapi.routing import APIRoute

from app.audit.labels import ACTION_LABELS, DETAIL_LABELS, OBJECT_LABELS, action_label, detail_text, object_label
from app.main import ROUTERS
from app.models import Action
from app.settings import PROJECT_ROOT

SOURCES = [path.read_text("utf-8") for path in sorted((PROJECT_ROOT / "app").rglob("*.py")) if path.name != "labels.py"]


def recorded_actions() -> set[str]:
    """What the sources pass to `record`, and the actions chosen between two strings before it."""
    found: set[str] = set()
    for text in SOURCES:
        found.update(re.findall(r'"((?:user|session)\.[a-z_]+)"', text))
        found.update(re.findall(r'record\(\s*session,\s*"([a-z_.]+)"', text))
        # Also what is handed to a task that runs after the answer.
        found.update(re.findall(r'tell(?:, request)?[(,]\s*(?:request, )?"([a-z_.]+)"', text))
        if 'f"decision.{action}"' in text:
            found.update(f"decision.{action}" for action in Action)
    return found


def test_every_recorded_action_has_a_label() -> None:
    actions = recorded_actions()
    assert {"user.create", "catalogue.import", "session.open", "access.refuse", "file.download"} <= actions
    assert actions - ACTION_LABELS.keys() == set()


def test_every_object_has_a_label() -> None:
    types = {found for text in SOURCES for found in re.findall(r'object_type="([^"]+)"', text)}
    assert types - OBJECT_LABELS.keys() == set()


def recorded_details() -> set[str]:
    """The names of the details that the sources pass to `record`."""
    about = {"actor", "actor_id", "actor_label", "object_type", "object_id", "laboratory_id"}
    calls = [node for text in SOURCES for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    journaling = [call for call in calls if re.search(r"record|tell|add_task", ast.unparse(call.func))]
    names = [[word.arg for word in call.keywords if word.arg] for call in journaling]
    return {name for found in names if about & set(found) for name in found} - about


def test_every_detail_has_a_label() -> None:
    found = recorded_details()
    assert {"loinc_num", "written", "lowest_band"} <= found
    assert found - DETAIL_LABELS.keys() == set()


def test_every_number_of_an_address_has_a_label() -> None:
    paths = [route.path for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    numbers = {name for path in paths for name in re.findall(r"\{(\w+)[^}]*\}", path) if name.endswith("_id")}
    assert {"catalogue_id", "user_id"} <= numbers
    assert numbers - {"resource_id", "version_id"} - DETAIL_LABELS.keys() == set()


def test_values_of_ours_read_in_french_where_they_are_words() -> None:
    assert detail_text({"status": "sent_back", "local_code": "decided"}) == "état : renvoyée ; code local : decided"
    assert detail_text({"kind": "take_back", "written": 2, "refused": 0}) == (
        "sorte : reprise d’un lot ; enregistrées : 2 ; laissées : 0"
    )
    assert detail_text({"outcome": "wrong_password", "times": 3}) == "issue : mauvais mot de passe ; fois : 3"
    assert detail_text({"lowest_band": "to_check"}) == "à partir de la confiance : à vérifier"


def test_labels_read_as_sentences() -> None:
    assert action_label("user.create") == "Compte ouvert"
    assert action_label("autre.chose") == "autre.chose"
    assert object_label("user", "3") == "compte n° 3"
    assert object_label("user", "") == "compte"


def test_details_read_in_french_whatever_their_shape() -> None:
    details = {
        "before": {"name": "A", "finess": ""},
        "after": "transcoder",
        "is_administrator": True,
        "files": [{"file_name": "x.csv"}, "y.csv"],
        "inconnu": None,
    }
    assert detail_text(details) == (
        "avant : nom : A ; FINESS : — ; après : Transcodeur ; administrateur : oui ; "
        "fichiers : (fichier : x.csv), y.csv ; inconnu : —"
    )
    assert detail_text({}) == ""
