"""What a laboratory approved serves another only while it allows it; what it imported never does."""

from dataclasses import dataclass

import pytest
from sqlmodel import Session, col, select

from app.catalogues.matcher_input import to_matcher
from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.memory.repository import reusable_counts
from app.memory.service import import_memory, restore, withdraw
from app.models import Laboratory, LocalTest, MemoryEntry, Outcome, ReviewState, Role, Status
from app.platform.database import Transactions, reading, transaction
from app.proposals.knowledge import knowledge_for
from matcher.knowledge import signature
from tests.app.catalogues.fhir_fixtures import as_bytes
from tests.app.memory.files import CONCEPT_MAP_R4
from tests.conftest import OUTSIDER, TRANSCODER, ClientFor, World

SODIUM = "2951-2"
CATALOGUE = IncomingFile("catalogue.csv", "code;libelle;unite;milieu\nNA;Sodium dosé;mmol/L;Sérum\n".encode())


@dataclass
class Neighbours:
    """Two laboratories that have the same analysis; the neighbour may have decided on hers."""

    world: World
    ours: int
    """Our catalogue, where proposals are made."""
    theirs: int
    """The neighbour's catalogue."""

    def allow(self, laboratory: Laboratory, is_allowed: bool) -> None:
        """This laboratory permits, or forbids, the reuse of what it approved."""
        with transaction(self.world.engine) as session:
            session.get_one(Laboratory, laboratory.id).allows_reuse = is_allowed

    def decide(self, catalogue_id: int, status: Status = Status.APPROVED, outcome: Outcome = Outcome.CODE) -> None:
        """Put the analysis of a catalogue in a state."""
        with transaction(self.world.engine) as session:
            state = session.get_one(ReviewState, analysis(session, catalogue_id).id)
            state.status, state.outcome, state.loinc_num = status, outcome, SODIUM

    def remembered(self) -> list[tuple[str, tuple[str, ...]]]:
        """(LOINC code, where it comes from) that the matcher would remember for our analysis."""
        with reading(self.world.engine) as session:
            key = signature(to_matcher(analysis(session, self.ours)))
            found = knowledge_for(session, self.ours).memory.get(key, ())
            return [(item.loinc_num, item.origins) for item in found]

    def counts(self) -> tuple[int, int]:
        """What the memory page of our laboratory announces: approved here, approved elsewhere."""
        with reading(self.world.engine) as session:
            return reusable_counts(session, self.world.laboratory_id)


def analysis(session: Session, catalogue_id: int) -> LocalTest:
    return session.exec(select(LocalTest).where(col(LocalTest.catalogue_id) == catalogue_id)).one()


def add_catalogue(world: World, laboratory: Laboratory, name: str) -> int:
    assert laboratory.id is not None
    with transaction(world.engine) as session:
        return import_files(session, laboratory.id, [CATALOGUE], catalogue_name=name).catalogue_id


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    ours = add_catalogue(world, world.laboratory, "Le nôtre")
    return Neighbours(world, ours, add_catalogue(world, world.other_laboratory, "Le leur"))


def test_without_permission_nothing_of_a_neighbour_is_remembered(neighbours: Neighbours) -> None:
    neighbours.decide(neighbours.theirs)
    assert neighbours.remembered() == []
    assert neighbours.counts() == (0, 0)


def test_with_permission_it_is_and_no_longer_once_permission_is_taken_back(neighbours: Neighbours) -> None:
    neighbours.decide(neighbours.theirs)
    neighbours.allow(neighbours.world.other_laboratory, True)
    assert neighbours.remembered() == [(SODIUM, ("Laboratoire de la Gare, Le leur",))]
    assert neighbours.counts() == (0, 1)
    neighbours.allow(neighbours.world.other_laboratory, False)
    assert neighbours.remembered() == []
    assert neighbours.counts() == (0, 0)


def test_our_permission_is_not_theirs(neighbours: Neighbours) -> None:
    neighbours.decide(neighbours.theirs)
    neighbours.allow(neighbours.world.laboratory, True)
    assert neighbours.remembered() == []
    assert neighbours.counts() == (0, 0)


def test_a_laboratory_needs_no_permission_for_its_own_other_catalogues(neighbours: Neighbours) -> None:
    other = add_catalogue(neighbours.world, neighbours.world.laboratory, "Ancien")
    neighbours.decide(other)
    assert neighbours.remembered() == [(SODIUM, ("Laboratoire du Parc, Ancien",))]
    assert neighbours.counts() == (1, 0)


def test_a_catalogue_is_no_memory_of_itself(neighbours: Neighbours) -> None:
    neighbours.decide(neighbours.ours)
    assert neighbours.remembered() == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.CODE) for status in Status if status is not Status.APPROVED),
        *((Status.APPROVED, outcome) for outcome in Outcome if outcome is not Outcome.CODE),
    ],
)
def test_permission_covers_approved_codes_only(neighbours: Neighbours, status: Status, outcome: Outcome) -> None:
    neighbours.decide(neighbours.theirs, status, outcome)
    neighbours.allow(neighbours.world.other_laboratory, True)
    assert neighbours.remembered() == []
    assert neighbours.counts() == (0, 0)


def test_what_a_neighbour_withdraws_is_hers_alone(neighbours: Neighbours, client_for: ClientFor) -> None:
    """It leaves our memory as it is, and tells us nothing; what she approved herself is no longer offered to us."""
    world = neighbours.world
    access = type(world.access(TRANSCODER))(world.users[OUTSIDER], world.other_laboratory, Role.TRANSCODER)
    carte = [("carte.json", as_bytes(CONCEPT_MAP_R4))]
    import_memory(Transactions(world.engine), world.access(TRANSCODER), carte, 1_000_000)
    import_memory(Transactions(world.engine), access, carte, 1_000_000)
    neighbours.decide(neighbours.theirs)
    neighbours.allow(world.other_laboratory, True)
    hers, ours = "Laboratoire de la Gare, Le leur", "carte.json"
    assert neighbours.remembered() == [(SODIUM, (hers, ours))]
    with transaction(world.engine) as session:
        entry = session.exec(
            select(MemoryEntry).where(
                MemoryEntry.laboratory_id == world.other_laboratory.id, MemoryEntry.loinc_num == SODIUM
            )
        ).one()
        withdraw(session, access, entry.id or 0, "Motif du voisin")
    assert neighbours.remembered() == [(SODIUM, (ours,))]
    page = client_for(TRANSCODER).get(f"/laboratoires/{world.laboratory_id}/memoire")
    table = client_for(TRANSCODER).get(f"/laboratoires/{world.laboratory_id}/memoire?format=csv")
    for answer in (page.text, table.text):
        assert "Sodium dosé" in answer
        assert "Motif du voisin" not in answer
        assert world.users[OUTSIDER].display_name not in answer
    withdrawn = client_for(TRANSCODER).get(f"/laboratoires/{world.laboratory_id}/memoire?etat=retiree")
    assert SODIUM not in withdrawn.text
    with transaction(world.engine) as session:
        restore(session, access, entry.id or 0, "Finalement juste")
    assert neighbours.remembered() == [(SODIUM, (hers, ours))]


def test_what_a_neighbour_imported_is_never_remembered(neighbours: Neighbours) -> None:
    world = neighbours.world
    neighbours.allow(world.other_laboratory, True)
    access = type(world.access(TRANSCODER))(world.users[OUTSIDER], world.other_laboratory, Role.TRANSCODER)
    carte = [("carte.json", as_bytes(CONCEPT_MAP_R4))]
    import_memory(Transactions(world.engine), access, carte, 1_000_000)
    assert neighbours.remembered() == []
    import_memory(Transactions(world.engine), world.access(TRANSCODER), carte, 1_000_000)
    assert [loinc_num for loinc_num, _ in neighbours.remembered()] == [SODIUM]


def test_the_page_announces_what_is_permitted(neighbours: Neighbours, client_for: ClientFor) -> None:
    neighbours.decide(neighbours.theirs)
    client = client_for(TRANSCODER)

    def announced() -> str:
        page = client.get(f"/laboratoires/{neighbours.world.laboratory_id}/memoire").text
        return page.partition("Approuvés ailleurs, réutilisation permise</dt>")[2].partition("</dd>")[0].split()[-1]

    assert announced() == "0"
    neighbours.allow(neighbours.world.other_laboratory, True)
    assert announced() == "1"
