"""What a pack tells of the terminology is of the whole installation, never of another laboratory."""

from app.claims.repository import events
from app.models import AuditEvent
from app.platform.database import reading, transaction
from tests.app.exports.sample import Sample


def test_the_terminology_of_another_laboratory_is_left_out(decided: Sample) -> None:
    """A laboratory that came from elsewhere brings its journal, and an event of it may have any name."""
    world = decided.world
    with transaction(world.engine) as session:
        for laboratory_id, said in ((None, "ici"), (world.other_laboratory.id, "ailleurs")):
            session.add(
                AuditEvent(
                    action="terminology.make_current", object_type="loinc_release", object_id="1", actor_label="Essai",
                    laboratory_id=laboratory_id, details={"said": said},
                )
            )  # fmt: skip
    with reading(world.engine) as session:
        found = list(events(session, world.laboratory_id, decided.catalogue_id))
    assert [event.details["said"] for event in found if event.action == "terminology.make_current"] == ["ici"]
