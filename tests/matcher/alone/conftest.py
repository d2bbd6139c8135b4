"""A terminology and tables of a few lines: these tests also run on the installed wheel, with nothing else at hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from matcher import Engine, LexiconEntry, Tables, Term
from matcher.index import TermIndex

# On the wheel no other file says it: a busy machine fails no property. `few` is enough to see that the wheel works.
for name, tried in (("alone", settings.default.max_examples), ("few", 5)):
    settings.register_profile(
        name, settings.default, max_examples=tried, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("alone")


def term(number: str, component: str, prop: str, system: str, name: str, **more: object) -> Term:
    axes: dict[str, object] = {"time_aspct": "Pt", "scale_typ": "Qn", **more}
    return Term(number, component, prop, system=system, long_common_name=name, **axes)  # type: ignore[arg-type]


TERMS = (
    term("14749-6", "Glucose", "SCnc", "Ser/Plas", "Glucose [Moles/volume] in Serum or Plasma", units="mmol/L",
         usage=1),
    term("2345-7", "Glucose", "MCnc", "Ser/Plas", "Glucose [Mass/volume] in Serum or Plasma", units="mg/dL", usage=1),
    term("15076-3", "Glucose", "SCnc", "Urine", "Glucose [Moles/volume] in Urine", units="mmol/L", usage=2),
    term("5792-7", "Glucose", "MCnc", "Urine", "Glucose [Mass/volume] in Urine by Test strip", units="mg/dL",
         method_typ="Test strip", usage=2),
    term("2951-2", "Sodium", "SCnc", "Ser/Plas", "Sodium [Moles/volume] in Serum or Plasma", units="mmol/L", usage=1),
    term("2955-3", "Sodium", "SCnc", "Urine", "Sodium [Moles/volume] in Urine", units="mmol/L", usage=1),
    term("2956-1", "Sodium", "SRat", "Urine", "Sodium [Moles/time] in 24 hour Urine", units="mmol/(24.h)",
         time_aspct="24H", usage=1),
    term("26464-8", "Leukocytes", "NCnc", "Bld", "Leukocytes [#/volume] in Blood", units="10*3/uL", usage=1),
    term("6690-2", "Leukocytes", "NCnc", "Bld", "Leukocytes [#/volume] in Blood by Automated count", units="10*3/uL",
         method_typ="Automated count", usage=1),
    term("1988-5", "C reactive protein", "MCnc", "Ser/Plas", "C reactive protein [Mass/volume] in Serum or Plasma",
         units="mg/L", usage=1),
    term("5195-3", "Hepatitis B virus surface Ag", "PrThr", "Ser", "Hepatitis B virus surface Ag [Presence] in Serum",
         scale_typ="Ord", usage=1),
    term("22322-2", "Hepatitis B virus surface Ab", "PrThr", "Ser", "Hepatitis B virus surface Ab [Presence] in Serum",
         scale_typ="Ord", usage=1),
    term("14957-5", "Albumin/Creatinine", "Ratio", "Urine", "Albumin/Creatinine [Ratio] in Urine", units="mg/g",
         usage=2),
)  # fmt: skip

TABLES = Tables(
    lexicon=(
        LexiconEntry("glucose", component=("Glucose",)),
        LexiconEntry("glycémie", component=("Glucose",), system=("Ser/Plas",)),
        LexiconEntry("sodium", component=("Sodium",)),
        LexiconEntry("natrémie", component=("Sodium",), system=("Ser/Plas",)),
        LexiconEntry("leucocytes", component=("Leukocytes",)),
        LexiconEntry("GB", component=("Leukocytes",)),
        LexiconEntry("CRP", component=("C reactive protein",)),
        LexiconEntry("antigène HBs", component=("Hepatitis B virus surface Ag",)),
        LexiconEntry("anticorps anti-HBs", component=("Hepatitis B virus surface Ab",)),
    ),
    units=(
        ("g/L", ("g/L",), ("mass_conc",)),
        ("G/L", ("10*9/L",), ("num_conc",)),
        ("mmol/L", ("mmol/L",), ("subst_conc",)),
        ("mg/L", ("mg/L",), ("mass_conc",)),
        ("mmol/24h", ("mmol/(24.h)",), ("subst_rate",)),
    ),
    specimens=(("sérum", ("Ser/Plas", "Ser")), ("sang", ("Ser/Plas", "Bld", "Ser")), ("urines", ("Urine",))),
    label_specimens=(("sanguin", ("Ser/Plas", "Bld")), ("urinaire", ("Urine",))),
    timing=(("24h", ("24H",), ()),),
    scales=(("QN", ("Qn",)), ("ORD", ("Ord",))),
    nontests=((r"^commentaires?\b", "texte de commentaire"),),
)


@pytest.fixture(scope="session")
def small_index() -> TermIndex:
    return TermIndex.build(TERMS)


@pytest.fixture(scope="session")
def small_engine(small_index: TermIndex) -> Engine:
    return Engine(small_index, TABLES)


@pytest.fixture(scope="session")
def engine_with(small_index: TermIndex) -> Callable[..., Engine]:
    """An engine over the few terms (or others) whose tables have these rows beside their own."""

    def make(index: TermIndex | None = None, **added: Any) -> Engine:
        more = {name: (*getattr(TABLES, name), *rows) for name, rows in added.items()}
        return Engine(index or small_index, replace(TABLES, **more))

    return make
