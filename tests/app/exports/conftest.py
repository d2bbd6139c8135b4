"""Fixtures of the exports."""

import pytest

from app.models import Action, Level
from app.settings import Settings
from tests import scenes
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
from tests.app.fhir_resources.fhir_sample import add_relations
from tests.conftest import BIOLOGIST, Scene, World


@pytest.fixture
def sample(scene_at_start: Scene, world: World) -> Sample:
    """The sample catalogue, nothing decided; or as the scene of the test left it."""
    made = scene_at_start.made
    return made if isinstance(made, Sample) else add_sample(world, ans_files())


@scenes.builder("decided")
def build_decided(world: World, _settings: Settings) -> Sample:
    """The sample catalogue with a row in each state."""
    return decide_rows(add_sample(world, ans_files()))


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


@pytest.fixture
def decided(scene_at_start: Scene, sample: Sample) -> Sample:
    """The sample catalogue with a row in each state."""
    return sample if scene_at_start.made is sample else decide_rows(sample)


@scenes.builder("narrow")
def build_narrow(world: World, settings: Settings) -> Sample:
    """The decided sample with every relation, and an exam of which no code exists."""
    return add_relations(build_decided(world, settings))


@pytest.fixture
def narrow(scene_at_start: Scene, decided: Sample) -> Sample:
    """The decided sample with every relation, and an exam of which no code exists."""
    return decided if scene_at_start.name == "narrow" else add_relations(decided)
