"""A catalogue that brings the codes that somebody gave it before."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

import app.earlier.jobs  # noqa: F401 - a search of proposals tells this room of its chunks
from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import EarlierStatement, LocalTest, LoincTerm, MapTo
from app.platform.database import reading, transaction
from app.proposals.jobs import run_proposals
from app.proposals.service import prepare_engine
from app.settings import Settings
from tests import scenes
from tests.app.review.sample import add_release
from tests.conftest import Scene, World

HEADINGS = "code;libelle;milieu;unite;Code LOINC;Relation;Commentaire;Décidé par;Décidé le"
ROWS = (
    ("NA", "Sodium", "Sérum", "mmol/L", "2951‑2", "équivalent", "vérifié au 2e passage", "Dr Anne Roy", "12/03/2021"),
    ("NAU", "Sodium urinaire", "Urines", "mmol/L", "2951-2", "", "", "", ""),
    ("CRP", "Protéine C réactive", "Sérum", "mg/L", "30522-7", "", "", "", ""),
    ("GLU", "Glucose", "Sérum", "mmol/L", "2345-7 / 14749-6", "", "", "", ""),
    ("GLY", "Glycémie", "Sérum", "mmol/L", "14749-7", "", "", "", ""),
    ("OLD", "Sodium sanguin", "Sang total", "mmol/L", "2093-3", "", "", "", ""),
    ("ABS", "Glucose plasmatique", "Plasma", "mmol/L", "718-7", "", "", "", ""),
    ("COM", "Commentaire du biologiste", "", "", "sans code", "", "texte libre", "", ""),
    ("RIEN", "Sodium bis", "Sérum", "mmol/L", "", "", "", "", ""),
)


def as_csv(rows: Sequence[Sequence[str]] = ROWS, headings: str = HEADINGS) -> bytes:
    return "\n".join([headings, *(";".join(row) for row in rows)]).encode()


@dataclass
class Inherited:
    """The catalogue, matched and compared."""

    world: World
    settings: Settings
    catalogue_id: int

    @property
    def engine(self) -> Engine:
        return self.world.engine

    @property
    def address(self) -> str:
        return f"/catalogues/{self.catalogue_id}/anterieur"

    def run(self, only: Sequence[int] = ()) -> int:
        return run_proposals(self.engine, self.settings, self.catalogue_id, only or None)

    def statements(self) -> dict[str, EarlierStatement]:
        """Local code -> what is said of it; of several, the last."""
        with reading(self.engine) as session:
            found = select(EarlierStatement).where(EarlierStatement.catalogue_id == self.catalogue_id)
            return {item.local_code: item for item in session.exec(found.order_by(col(EarlierStatement.id)))}

    def verdicts(self) -> dict[str, str]:
        return {code: item.verdict for code, item in self.statements().items()}

    def test_id(self, code: str) -> int:
        with reading(self.engine) as session:
            statement = select(LocalTest.id).where(
                LocalTest.catalogue_id == self.catalogue_id, LocalTest.code == code
            )
            found = session.exec(statement).one()
        assert found is not None
        return found


def add_old_terms(session: Session, release_id: int) -> None:
    """A deprecated term and its replacement."""
    session.add(
        LoincTerm(
            release_id=release_id, loinc_num="2093-3", component="Sodium", property="SCnc", time_aspct="Pt",
            system="Bld", scale_typ="Qn", status="DEPRECATED", long_common_name="Sodium old", class_name="CHEM",
        )
    )  # fmt: skip
    session.add(MapTo(release_id=release_id, loinc_num="2093-3", map_to="2947-0"))


@scenes.builder("inherited")
def build_inherited(world: World, settings: Settings) -> Inherited:
    """The catalogue, imported, searched and compared."""
    with transaction(world.engine) as session:
        release = add_release(session)
        assert release.id is not None
        add_old_terms(session, release.id)
        file = IncomingFile("ancien_catalogue.csv", as_csv())
        report = import_files(session, world.laboratory_id, [file], catalogue_name="Repris")
    found = Inherited(world, settings, report.catalogue_id)
    found.run()
    return found


@pytest.fixture
def inherited(scene_at_start: Scene, world: World, settings: Settings) -> Inherited:
    """The catalogue, imported, searched and compared."""
    made = scene_at_start.made
    if not isinstance(made, Inherited):
        return build_inherited(world, settings)
    # As before any page that decides: an engine is not built inside the transaction of a decision.
    prepare_engine(world.engine, settings)
    return made
