"""A small catalogue with decisions of every sort, for the tests of the exports."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlmodel import Session, select

from app.catalogues.service import import_files
from app.files.choices import IncomingFile
from app.models import (
    Action,
    Catalogue,
    Decision,
    Level,
    LocalTest,
    LoincRelease,
    LoincTerm,
    Relation,
    ReviewState,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform.database import transaction
from app.transcoding.facts import derive_state
from tests.conftest import BIOLOGIST, TRANSCODER, World

GLUCOSE, GLUCOSE_FRENCH = "14749-6", "Glucose [Moles/Volume] Sérum/Plasma ; Numérique"
SODIUM = "2951-2"
POTASSIUM = "2823-3"
CREATININE = "14682-9"
TSH = "3016-3"
DEPRECATED = "2350-7"
CHEMISTRY = "18719-5"

TERMS = {
    GLUCOSE: "Glucose [Moles/volume] in Serum or Plasma",
    SODIUM: "Sodium [Moles/volume] in Serum or Plasma",
    POTASSIUM: "Potassium [Moles/volume] in Serum or Plasma",
    CREATININE: "Creatinine [Moles/volume] in Serum or Plasma",
    TSH: "Thyrotropin [Units/volume] in Serum or Plasma",
    DEPRECATED: "Glucose [Mass/volume] in Urine",
    CHEMISTRY: "Chemistry studies (set)",
}

LOINC_1 = (
    "Code chapitre;Libellé chapitre;Code sous-chapitre;Libellé sous-chapitre\r\n"
    "BIO;Biochimie;ION;Ionogramme\r\n"
    "BIO;Biochimie;AUT;Autres\r\n"
    ";Hématologie;;\r\n"
    "SER;Sérologie;AUT;Autres\r\n"
)
LOINC_2 = (
    "Code examen;Libellé examen;Synonyme;Code chapitre;Code sous-chapitre;Milieu;Codes NABM ou mention HN;"
    "Code analyse;Libellé analyse\r\n"
    "IONO;IONOGRAMME;;BIO;ION;Sérum;1610;NA;SODIUM\r\n"
    "IONO;IONOGRAMME;;BIO;ION;Sérum;1610;K;POTASSIUM\r\n"
    "GLY;GLYCEMIE;;BIO;AUT;Sérum;0552;GLY;GLYCEMIE\r\n"
)
LOINC_3 = (
    "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
    "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN\r\n"
    "NA;SODIUM;natrémie;;U1;mmol/L;PT;SE;Sérum;QN;;1609\r\n"
    "K;POTASSIUM;;;U1;mmol/L;PT;SE;Sérum;QN;;1608 1609\r\n"
    "GLY;GLYCÉMIE à jeun;;;U1;mmol/L;PT;SE;Sérum;QN;;0552\r\n"
    "CREA;CREATININE;;;U2;µmol/L;PT;SE;Sérum;QN;enzymatique;0592\r\n"
    "TSH;TSH;;;U3;mUI/L;PT;SE;Sérum;QN;;1208\r\n"
    "COM;COMMENTAIRE;;;;;;;;;;\r\n"
    "RARE;DOSAGE RARE;;;;;;SE;Sérum;QN;;HN\r\n"
)


@dataclass
class Sample:
    """A catalogue in the test's database, and how to decide its rows."""

    world: World
    catalogue: Catalogue
    release: LoincRelease
    ids: dict[tuple[Level, str], list[int]] = field(default_factory=dict)
    session: Session | None = None
    """The transaction in progress, if there is one."""

    @property
    def catalogue_id(self) -> int:
        assert self.catalogue.id is not None
        return self.catalogue.id

    def test_id(self, code: str, level: Level = Level.ANALYSIS, number: int = 0) -> int:
        """The local test with this code."""
        return self.ids[level, code][number]

    def act(self, test_id: int, action: Action, *, email: str = TRANSCODER, **values: str) -> None:
        """Add a fact and derive the state, as the review does."""
        with self.together() as session:
            add_fact(session, self, test_id, action, email, **values)

    @contextmanager
    def together(self) -> Iterator[Session]:
        """What is done inside is one transaction, which is much quicker than many."""
        if self.session is not None:
            yield self.session
            return
        with transaction(self.world.engine) as session:
            self.session = session
            try:
                yield session
            finally:
                self.session = None

    def choose(self, code: str, loinc: str, level: Level = Level.ANALYSIS, **values: str) -> None:
        """The transcoder chooses a code."""
        self.act(self.test_id(code, level), Action.CHOOSE, loinc_num=loinc, **values)

    def approve(self, code: str, loinc: str, level: Level = Level.ANALYSIS, **values: str) -> None:
        """The transcoder chooses, the biologist approves."""
        self.choose(code, loinc, level, **({"relation": Relation.EQUIVALENT} | values))
        self.act(self.test_id(code, level), Action.APPROVE, email=BIOLOGIST)


def add_fact(session: Session, sample: Sample, test_id: int, action: Action, email: str, **values: str) -> None:
    """One fact in the session's transaction."""
    session.add(
        Decision(
            local_test_id=test_id,
            action=action,
            author_id=sample.world.user_id(email),
            author_role="biologist" if email == BIOLOGIST else "transcoder",
            release_id=sample.release.id,
            **values,  # type: ignore[arg-type]
        )
    )
    session.flush()
    facts = session.exec(select(Decision).where(Decision.local_test_id == test_id).order_by(Decision.id)).all()  # type: ignore[arg-type]
    derived = derive_state(facts)
    state = session.get(ReviewState, test_id) or ReviewState(local_test_id=test_id)
    for name in type(derived).__dataclass_fields__:
        setattr(state, name, getattr(derived, name))
    session.add(state)


def add_release(world: World, version: str = "2.80", kind: str = "official") -> LoincRelease:
    """A current release with a few terms; the French name of one is loaded."""
    with transaction(world.engine) as session:
        release = LoincRelease(version=version, kind=kind, is_current=True)
        session.add(release)
        session.flush()
        assert release.id is not None
        for number, name in TERMS.items():
            session.add(
                LoincTerm(
                    release_id=release.id,
                    loinc_num=number,
                    component=name.split(" ")[0],
                    system="Ser/Plas",
                    scale_typ="Qn",
                    long_common_name=name,
                    official_french_name=GLUCOSE_FRENCH if number == GLUCOSE else "",
                    french_producer="Association de test" if number == GLUCOSE else "",
                    status="DEPRECATED" if number == DEPRECATED else "ACTIVE",
                )
            )
    return release


def add_value_set(world: World, kind: ValueSetKind, members: dict[str, str]) -> None:
    """A current value set."""
    with transaction(world.engine) as session:
        value_set = ValueSet(kind=kind, title=kind, is_current=True)
        session.add(value_set)
        session.flush()
        assert value_set.id is not None
        for number, label in members.items():
            session.add(ValueSetMember(value_set_id=value_set.id, loinc_num=number, label=label))


def add_sample(world: World, files: Sequence[IncomingFile], name: str = "Catalogue général") -> Sample:
    """Import files into a new catalogue of the laboratory."""
    release = add_release(world)
    with transaction(world.engine) as session:
        report = import_files(session, world.laboratory_id, files, catalogue_name=name, actor=world.users[TRANSCODER])
        catalogue = session.get(Catalogue, report.catalogue_id)
        assert catalogue is not None
        sample = Sample(world, catalogue, release)
        tests = session.exec(
            select(LocalTest).where(LocalTest.catalogue_id == catalogue.id).order_by(LocalTest.id)  # type: ignore[arg-type]
        )
        for test in tests:
            assert test.id is not None
            sample.ids.setdefault((Level(test.level), test.code), []).append(test.id)
    return sample


def ans_files(encoding: str = "utf-8") -> list[IncomingFile]:
    """The three ANS files of the sample."""
    return [
        IncomingFile("LOINC_1_export_chapitres_20261101.csv", LOINC_1.encode(encoding)),
        IncomingFile("LOINC_2_export_demandes_20261101.csv", LOINC_2.encode(encoding)),
        IncomingFile("LOINC_3_export_resultats_20261101.csv", LOINC_3.encode(encoding)),
    ]
