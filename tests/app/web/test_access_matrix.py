"""Every route × every person × own and other laboratory, against the table of `access_matrix.csv`.

The routes come from the application: one that the table does not name fails. Each cell is a real request. A cell says
what becomes of it: « oui » (let in, whatever the route then says of what was sent), « connexion » (asked to sign in, or
401), « 403 », « 404 », « 503 » (a database of tests bears no revision, and /readyz says so).
On « other », every identifier that the route takes is tried: the whole address of the other laboratory, then her own
laboratory with each identifier of the other's below it; all give the same answer, byte for byte, as identifiers that
do not exist. « 403 404 »: her role in her own laboratory forbids the act whatever it is about.
"""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import Response

from app.main import ROUTERS
from app.settings import Settings
from tests.app.web.two_laboratories import ANONYMOUS, MEMBERS, PROGRAM, Installation, Side, build
from tests.conftest import World

TABLE = Path(__file__).with_name("access_matrix.csv")
BOTH_SIDES = (*MEMBERS, PROGRAM)
"""Those who have a laboratory of their own here: their column « own », and their column « other »."""
FROM_OUTSIDE = (ANONYMOUS, "none", "outsider", "admin")
COLUMNS = (*FROM_OUTSIDE, *(f"{person} {side}" for person in BOTH_SIDES for side in ("own", "other")))
OF_A_LABORATORY = frozenset(
    {"laboratory_id", "catalogue_id", "draft_id", "file_id", "profile_id", "entry_id", "local_test_id", "public_id",
     "token_id", "job_id", "resource_id", "version_id"}
)  # fmt: skip
PARENTS = ("laboratory_id", "catalogue_id")
NOWHERE = {"public_id": "01900000-0000-7000-8000-000000000000", "resource_id": "01900000-0000-7000-8000-000000000000",
           "version_id": "19000101000000-0"}  # fmt: skip
FORM = {
    "motif": "Essai", "nom": "Essai", "reason": "Essai", "version": "1", "type": "x", "sujet": "x", "vu": "0",
    "digest": "x", "actif": "1", "administrateur": "1", "utilisateur": "1", "laboratoire": "1", "lecture": "x",
    "duree": "365", "justification": "Essai", "action": "choose",
    "candidat": "2951-2", "retenir": "2951-2", "loinc_num": "2951-2",
}  # fmt: skip
"""Something for every field that a form must have: what is refused is the person, not what she forgot to write."""
ACTIONS = {"approbation": "approve", "reponse": "accept", "repere": "flag", "candidat": "reject_code"}
Row = tuple[str, str]


def routes() -> list[Row]:
    """(method, path) of every route of the application; HEAD answers as GET."""
    return sorted(
        {
            (method, route.path)
            for router in ROUTERS
            for route in router.routes
            if isinstance(route, APIRoute)
            for method in (route.methods or set()) - {"HEAD"}
        },
        key=lambda item: (item[1], item[0]),
    )


def names(path: str) -> list[str]:
    """The parameters of a path, in its order."""
    return re.findall(r"\{(\w+)[^}]*\}", path)


def table() -> dict[Row, dict[str, str]]:
    """The committed truth: (method, path) -> column -> what becomes of it."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file, delimiter=";"))
    return {(line["method"], line["path"]): {name: line[name] for name in COLUMNS} for line in lines}


def _key(name: str, path: str) -> str:
    """What a parameter is called among the identifiers of a side."""
    if name in ("resource_id", "version_id"):
        return f"{path.split('/')[2]}.{name}"
    if name == "local_test_id" and "demandes-de-code" in path:
        return "request_id"
    if name == "public_id" and "/signature/" in path:
        return "signature_id"
    if name == "public_id" and "/effectif/" in path:
        return "run_public_id"
    if name == "draft_id" and "anterieur" in path:
        return "earlier_draft_id"
    if name == "public_id" and "approbation" in path:
        return "approval_batch_id"
    if name == "file_id" and "fichiers-prepares" in path:
        return "prepared_id"
    return name


def _value(side: Side | None, name: str, path: str, person: str) -> str:
    """The value of a parameter; `side` None: one that does not exist."""
    if name == "kind":
        return "indicateurs" if "couverture" in path else "loinc_4"
    if side is None:
        return NOWHERE.get(name, "999999")
    return str(side.value(_key(name, path), person))


def address(path: str, person: str, side: Side | None, own: Side, only: str = "") -> str:
    """The address with the identifiers of a side; `only`: this parameter is of that side, the others are one's own."""
    values = {
        name: _value(side if only in ("", name) and name in OF_A_LABORATORY else own, name, path, person)
        for name in names(path)
    }
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: values[found[1]], path)


def said(answer: Response) -> str:
    """What becomes of a request, in a word of the table."""
    status = answer.status_code
    asked = answer.request.url.path
    is_sent_away = status == 303 and answer.headers["location"].partition("?")[0] == "/connexion"
    if status == 401 or (is_sent_away and asked != "/deconnexion"):
        return "connexion"
    return str(status) if status in (403, 404) or status >= 500 else "oui"


@pytest.fixture
def installation(application: FastAPI, world: World, settings: Settings) -> Iterator[Installation]:
    built = build(application, world, settings)
    yield built
    for client in built.clients.values():
        client.close()


class Asking:
    """Requests of one person after the other, each on the installation as it was made."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def ask(self, person: str, method: str, path: str, where: str) -> Response:
        form: dict[str, str] = {}
        if method == "POST" and not path.startswith("/fhir/"):
            last = next((word for word in ACTIONS if word in path), "")
            demande = str(self.installation.own.values["demande"])
            form = FORM | {"action": ACTIONS.get(last, "choose"), "demande": demande}
        with self.installation.as_it_was(method == "POST"):
            client = self.installation.clients[person]
            if "$translate" in path:
                where += "?code=NA&system=urn:essai"
            return client.post(where, data=form) if method == "POST" else client.get(where)

    def own(self, person: str, method: str, path: str) -> str:
        own = self.installation.own
        return said(self.ask(person, method, path, address(path, person, own, own)))

    def other(self, person: str, method: str, path: str) -> tuple[str, list[str]]:
        """What becomes of the other laboratory's identifiers, and what tells them from those that do not exist."""
        own, other = self.installation.own, self.installation.other
        scoped = [name for name in names(path) if name in OF_A_LABORATORY]
        if not scoped:
            return "", []
        children = [name for name in scoped if name not in PARENTS] if len(scoped) > 1 else []
        found, told = set(), []
        for only in ("", *children):
            there = address(path, person, other, own, only)
            nowhere = address(path, person, None, own, only)
            answers = [self.ask(person, method, path, where) for where in (there, nowhere)]
            found.add(said(answers[0]))
            shown = _shown(answers[0], there), _shown(answers[1], nowhere)
            if shown[0] != shown[1]:
                told.append(f"{person}: {method} {there} is told from {nowhere}: {_difference(*shown)}")
        return " ".join(sorted(found)), told


def _shown(answer: Response, where: str) -> tuple[object, ...]:
    """What one can tell of an answer: status, headers, text; less the address that was asked and its own number."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    text = answer.text
    text = text.replace(where, "*")
    for part in where.strip("/").split("/"):
        if len(part) > 10 and any(letter.isdigit() for letter in part):
            text = text.replace(part, "*")
    headers.pop("content-length", None)
    return answer.status_code, sorted(headers.items()), text


def _difference(one: tuple[object, ...], two: tuple[object, ...]) -> str:
    """Where two answers part, for whoever reads the failure."""
    left, right = (str(item) for item in (one, two))
    at = next((place for place, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), 0)
    return f"« {left[max(0, at - 60) : at + 60]} » / « {right[max(0, at - 60) : at + 60]} »"


@pytest.mark.only("sqlite", "which person a route lets in is decided before the database is asked for anything else")
def test_every_cell_of_the_table(installation: Installation, tmp_path: Path) -> None:
    asking = Asking(installation)
    expected, found, told = table() if TABLE.exists() else {}, {}, []
    for method, path in routes():
        cells = {person: asking.own(person, method, path) for person in FROM_OUTSIDE}
        for person in BOTH_SIDES:
            if person == PROGRAM and not path.startswith("/fhir/"):
                # A token is no session: it opens the pages as little as nothing at all does.
                cells[f"{person} own"], cells[f"{person} other"] = asking.own(person, method, path), ""
                continue
            if person != PROGRAM and path.startswith("/fhir/"):
                # A session is no token.
                cells[f"{person} own"], cells[f"{person} other"] = asking.own(person, method, path), ""
                continue
            cells[f"{person} own"] = asking.own(person, method, path)
            cells[f"{person} other"], tells = asking.other(person, method, path)
            told += tells
        found[(method, path)] = cells
    actual = tmp_path / "access_matrix.csv"
    actual.write_text(_as_csv(found), encoding="utf-8")
    differing = [
        f"{method} {path}, {column}: {cells[column] or '(rien)'}, and the table says "
        f"{expected.get((method, path), {}).get(column) or '(rien)'}"
        for (method, path), cells in found.items()
        for column in COLUMNS
        if cells[column] != expected.get((method, path), {}).get(column)
    ]
    assert differing == [], f"what was found is in {actual}"
    assert not told, "\n".join(told)


def _as_csv(found: dict[Row, dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(["method", "path", *COLUMNS])
    writer.writerows([method, path, *cells.values()] for (method, path), cells in found.items())
    return text.getvalue()


def test_the_table_names_every_route_and_no_other() -> None:
    assert sorted(table()) == sorted(routes())
    assert len(routes()) > 100


def test_the_table_never_lets_another_laboratory_in() -> None:
    """Whatever a later hand writes in it."""
    for (method, path), cells in table().items():
        for column in COLUMNS:
            if column.endswith(" other"):
                assert cells[column] in ("", "403", "403 404", "404") or "$translate" in path, (method, path, column)
        if set(names(path)) & OF_A_LABORATORY:
            assert cells["outsider"] in ("404", "403", "connexion"), (method, path)
            assert cells["none"] in ("404", "403", "connexion"), (method, path)
            assert cells[ANONYMOUS] == "connexion", (method, path)
        elif path.startswith("/administration"):
            assert {cells[name] for name in COLUMNS} - {"", "connexion"} <= {"403", cells["admin"]}, (method, path)
