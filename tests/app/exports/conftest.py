"""Fixtures of the exports."""

import pytest

from app.models import Action, Level
from tests.app.exports.sample import (
    CHEMISTRY,
    CREATININE,
    GLUCOSE,
    POTASSIUM,
    SODIUM,
    TSH,
    Sample,
    add_sample,
    ans_files,
)
from tests.app.fhir_resources.fhir_sample import narrow
from tests.conftest import BIOLOGIST, World

__all__ = ["narrow"]


@pytest.fixture
def sample(world: World) -> Sample:
    """The sample catalogue, nothing decided."""
    return add_sample(world, ans_files())


@pytest.fixture
def decided(sample: Sample) -> Sample:
    """The sample catalogue with a row in each state."""
    return decide_rows(sample)


def decide_rows(sample: Sample) -> Sample:
    """A row in each state."""
    with sample.together():
        sample.approve("NA", SODIUM)
        sample.approve("GLY", GLUCOSE, relation="loinc_wider", comment="À jeun non précisé ;\nvu avec le service")
        sample.choose("K", POTASSIUM, relation="equivalent")
        sample.choose("CREA", CREATININE, relation="equivalent")
        sample.act(sample.test_id("CREA"), Action.SEND_BACK, email=BIOLOGIST, reason="technique à préciser")
        sample.act(sample.test_id("TSH"), Action.DOUBT, comment="deux unités ?")
        sample.act(sample.test_id("COM"), Action.OUT_OF_SCOPE, reason="commentaire")
        sample.act(sample.test_id("COM"), Action.APPROVE, email=BIOLOGIST)
        sample.act(sample.test_id("RARE"), Action.NO_LOINC, reason="aucun terme")
        sample.act(sample.test_id("RARE"), Action.APPROVE, email=BIOLOGIST)
        sample.approve("GLY", TSH, Level.EXAM)
        sample.approve("BIO", CHEMISTRY, Level.CHAPTER)
    return sample
