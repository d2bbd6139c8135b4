"""How long the review takes on a large catalogue: `python -m tests.bench.bench_review_queue [rows]`.

Makes a throw-away catalogue (10,000 analyses, ten proposals each), asks each page through the whole application
as a signed-in transcoder or biologist, and prints the median and the worst of seven answers.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from app.main import create_app
from app.models import Catalogue, Laboratory, Membership, Role, User
from app.platform.database import make_engine, transaction
from app.platform.web_sessions import SESSION_COOKIE, open_session
from app.settings import Settings
from tests.app.review.sample import fill

ROWS = 10_000
TIMES = 7
LIMIT_MS = 300
PAGES = (
    ("File, ordre par défaut", "/revue"),
    ("File, page 50", "/revue?page=50"),
    ("File, à traiter et sûres", "/revue?etat=a-traiter&confiance=sure"),
    ("File, sauf deux milieux", "/revue?sauf-milieu=Urines&sauf-milieu="),
    ("File, texte « glycemie »", "/revue?q=glycemie"),
    ("File, triée par libellé", "/revue?tri=libelle"),
    ("File, triée par proposition", "/revue?tri=-proposition"),
    ("Cas, ordre par défaut", "/revue/{row}"),
    ("Cas, filtré et cherché", "/revue/{row}?etat=a-traiter&q=glycemie"),
    ("Approbation, codes proposés", "/approbation?proposition=avec"),
    ("Approbation, codes cherchés", "/approbation?proposition=sans&taille=50"),
    ("Export CSV de la file", "/revue?format=csv"),
)


def prepare(folder: Path, rows: int) -> tuple[TestClient, str, list[int]]:
    """A signed-in client, the address of the catalogue and the identifiers of its rows."""
    settings = Settings(data_dir=folder, run_jobs_in_server=False)
    engine = make_engine(settings.resolved_database_url)
    SQLModel.metadata.create_all(engine)
    with transaction(engine) as session:
        laboratory = Laboratory(name="Laboratoire d'essai")
        user = User(email="essai@exemple.fr", display_name="Essai", password_hash="!")
        session.add_all([laboratory, user])
        session.flush()
        catalogue = Catalogue(laboratory_id=laboratory.id or 0, name="Grand catalogue")
        session.add(catalogue)
        session.add(Membership(user_id=user.id or 0, laboratory_id=laboratory.id or 0, role=Role.BIOLOGIST))
        session.flush()
        token = open_session(session, user, settings)
    sample = fill(engine, catalogue.id or 0, rows, user.id)
    client = TestClient(create_app(settings, engine), follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, token)
    return client, f"/catalogues/{catalogue.id}", sample.test_ids


def clocked(client: TestClient, url: str) -> list[float]:
    """Milliseconds of each answer, after one to warm up."""
    times = []
    for _ in range(TIMES + 1):
        start = time.perf_counter()
        answer = client.get(url)
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200, answer.status_code
    return times[1:]


def decisions(client: TestClient, base: str, ids: list[int]) -> list[float]:
    """Milliseconds of each recorded decision, the search for the next row included."""
    times = []
    for row_id in ids:
        start = time.perf_counter()
        answer = client.post(
            f"{base}/revue/{row_id}/decision",
            data={"version": 0, "action": "no_loinc", "reason": "essai"},
            headers={"accept": "application/json"},
        )
        times.append(1000 * (time.perf_counter() - start))
        assert answer.status_code == 200, answer.text
    return times


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        client, base, ids = prepare(Path(folder), rows)
        measured = [(title, clocked(client, base + url.format(row=ids[1]))) for title, url in PAGES]
        measured.append(("Décision enregistrée", decisions(client, base, ids[1::3][:TIMES])))
    lines = [
        f"{rows} analyses, 10 propositions par analyse ; médiane et pire de {TIMES} réponses, en millisecondes",
        f"{'Page':<32}{'médiane':>9}{'pire':>8}",
    ]
    for title, times in measured:
        median = statistics.median(times)
        late = f"  > {LIMIT_MS}" if median > LIMIT_MS and "CSV" not in title else ""
        lines.append(f"{title:<32}{median:>9.0f}{max(times):>8.0f}{late}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
