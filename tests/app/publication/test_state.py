"""One state of a catalogue has one version, and two states have two."""

from datetime import UTC, datetime

from app.fhir_resources.naming import Canonicals
from app.models import Action, Decision, FhirNaming
from app.platform.database import reading, transaction
from app.publication.state import PublishedState, state_of
from tests.app.exports.sample import Sample
from tests.conftest import TRANSCODER


def test_two_states_of_one_second_have_two_versions_whatever_the_names(decided: Sample) -> None:
    laboratory = decided.world.laboratory
    moment = datetime(2026, 11, 27, 14, 5, 3, tzinfo=UTC)
    for naming in FhirNaming:
        laboratory.fhir_naming = naming
        names = Canonicals(laboratory, decided.catalogue)
        one, other = (names.version(PublishedState((fact,), moment)) for fact in (1, 2))
        assert one != other
        assert one == names.version(PublishedState((1,), moment))


def test_a_fact_that_is_there_later_with_a_lower_identifier_is_another_state(decided: Sample) -> None:
    """On PostgreSQL, of two people who decide at once, the one who ends last may have the lower identifier."""
    found = []
    for number in (1_000_001, 1_000_000):
        with transaction(decided.world.engine) as session:
            session.add(
                Decision(
                    id=number, local_test_id=decided.test_id("NA"), action=Action.COMMENT, comment="vu",
                    author_id=decided.world.user_id(TRANSCODER), author_role="transcoder",
                    release_id=decided.release.id, created_at=datetime(2026, 11, 27, tzinfo=UTC),
                )
            )  # fmt: skip
        with reading(decided.world.engine) as session:
            found.append(state_of(session, decided.world.laboratory, decided.catalogue).version_id)
    assert found[0] != found[1]
