"""Each check of a mapping, on the smallest case that raises it and the nearest that does not."""

from typing import Any

import pytest

from app.models import LocalTest, LoincTerm
from app.transcoding.check_words import CheckSeverity
from app.transcoding.checks import CheckedMapping, checks_of, checks_without_code, is_blocking
from app.transcoding.evidence import EvidenceLine, by_axis, weightiest
from loinc_data.units import read_unit
from matcher.types import Axis, Verdict


def term(**fields: Any) -> LoincTerm:
    values: dict[str, Any] = {
        "loinc_num": "2951-2", "component": "Sodium", "property": "SCnc", "time_aspct": "Pt", "system": "Ser/Plas",
        "scale_typ": "Qn", "method_typ": "", "class_name": "CHEM", "status": "ACTIVE", "order_obs": "Both",
    }  # fmt: skip
    return LoincTerm(release_id=1, **{**values, **fields})


def analysis(**fields: Any) -> LocalTest:
    values: dict[str, Any] = {
        "id": 1,
        "level": "analysis",
        "code": "NA",
        "label": "SODIUM",
        "specimen": "Sérum",
        "unit": "mmol/L",
    }
    return LocalTest(catalogue_id=1, **{**values, **fields})


def line(axis: Axis, verdict: Verdict, local: str = "", weight: float = 1.0) -> EvidenceLine:
    return EvidenceLine(axis, verdict, f"{axis} {verdict}.", local, "", weight)


def codes(mapping: CheckedMapping) -> dict[str, CheckSeverity]:
    return {check.code: check.severity for check in checks_of(mapping)}


def mapping(term_: LoincTerm | None = None, test: LocalTest | None = None, **fields: Any) -> CheckedMapping:
    term_ = term_ or term()
    fields.setdefault("lines", [line(axis, Verdict.AGREE) for axis in Axis])
    return CheckedMapping(test=test or analysis(), loinc_num=term_.loinc_num, term=term_, **fields)


def test_a_sound_mapping_raises_nothing() -> None:
    assert checks_of(mapping()) == []


@pytest.mark.parametrize(("code", "check"), [("2951-3", "format"), ("29512", "format"), ("19146-0", "placeholder")])
def test_what_is_no_code_is_refused(code: str, check: str) -> None:
    found = checks_of(CheckedMapping(test=analysis(), loinc_num=code, term=None))
    assert [(item.code, item.severity) for item in found] == [(check, CheckSeverity.REFUSED)]


def test_a_code_that_the_release_lacks_is_blocking() -> None:
    found = checks_of(CheckedMapping(test=analysis(), loinc_num="2951-2", term=None, release_version="2.80"))
    assert [item.code for item in found] == ["absent"]
    assert is_blocking(found)
    assert "2.80" in found[0].sentence


@pytest.mark.parametrize(
    ("status", "check", "severity"),
    [
        ("DEPRECATED", "deprecated", CheckSeverity.BLOCKING),
        ("DISCOURAGED", "discouraged", CheckSeverity.WARNING),
        ("TRIAL", "trial", CheckSeverity.WARNING),
    ],
)
def test_the_status_of_the_term(status: str, check: str, severity: CheckSeverity) -> None:
    assert codes(mapping(term(status=status))) == {check: severity}


def test_a_retired_code_names_its_replacements() -> None:
    found = checks_of(mapping(term(status="DEPRECATED"), replacements=["2947-0", "2955-3"]))
    assert "2947-0, 2955-3" in found[0].sentence


@pytest.mark.parametrize(
    ("axis", "check", "severity"),
    [
        (Axis.PROPERTY, "property", CheckSeverity.BLOCKING),
        (Axis.UNIT, "unit", CheckSeverity.WARNING),
        (Axis.TIME, "time", CheckSeverity.BLOCKING),
        (Axis.SCALE, "scale", CheckSeverity.BLOCKING),
        (Axis.SYSTEM, "specimen", CheckSeverity.WARNING),
        (Axis.METHOD, "method", CheckSeverity.WARNING),
        (Axis.COMPONENT, "component", CheckSeverity.WARNING),
    ],
)
def test_a_contradiction_of_the_evidence(axis: Axis, check: str, severity: CheckSeverity) -> None:
    assert codes(mapping(lines=[line(axis, Verdict.CONTRADICT)])) == {check: severity}


@pytest.mark.parametrize(("unit", "prop"), [("%", "NCnc"), ("G/L", "NFr")])
def test_percent_against_absolute_count(unit: str, prop: str) -> None:
    found = codes(mapping(term(property=prop), analysis(unit=unit), lines=[line(Axis.PROPERTY, Verdict.CONTRADICT)]))
    assert found == {"percent_absolute": CheckSeverity.BLOCKING}


def test_an_amount_per_day_is_no_spot_concentration() -> None:
    found = codes(mapping(term(system="Urine"), analysis(unit="mmol/24h", specimen="Urines"), lines=[]))
    assert found["time"] is CheckSeverity.BLOCKING


def test_a_collection_that_the_catalogue_does_not_mention() -> None:
    found = codes(mapping(term(time_aspct="24H", property="SRat", system="Urine"), lines=[]))
    assert found["collection"] is CheckSeverity.WARNING


def test_a_unit_against_a_scale_without_number() -> None:
    assert codes(mapping(term(scale_typ="Ord", property="PrThr"))) == {"unit_scale": CheckSeverity.BLOCKING}


def test_no_unit_against_a_number() -> None:
    bare = analysis(unit="")
    assert "no_unit" in codes(mapping(test=bare, lines=[]))
    assert "no_unit" not in codes(mapping(test=bare))
    assert "no_unit" not in codes(mapping(term(property="Ratio"), bare, lines=[]))


def test_no_specimen_is_not_serum() -> None:
    assert "no_specimen" in codes(mapping(test=analysis(specimen=""), lines=[]))
    assert "no_specimen" not in codes(mapping(lines=[]))


def test_a_method_that_nothing_shows() -> None:
    assert "method_unproven" in codes(mapping(term(method_typ="IA"), lines=[]))


def test_a_sibling_has_the_local_method() -> None:
    lines = [line(Axis.METHOD, Verdict.COMPATIBLE, local="IA, EIA")]
    sibling = term(loinc_num="2947-0", method_typ="IA")
    assert codes(mapping(lines=lines, siblings=[sibling])) == {"method_sibling": CheckSeverity.WARNING}
    other_specimen = term(loinc_num="2947-0", method_typ="IA", system="Urine")
    assert codes(mapping(lines=lines, siblings=[other_specimen])) == {}


def test_orderable_for_an_exam_observable_for_an_analysis() -> None:
    assert "order" in codes(mapping(term(order_obs="Order")))
    assert "order" in codes(mapping(term(order_obs="Observation"), analysis(level="exam")))
    assert "order" not in codes(mapping(term(order_obs="Order"), analysis(level="exam")))


def test_a_panel_on_an_analysis() -> None:
    assert "panel" in codes(mapping(term(class_name="PANEL.CHEM")))


def test_the_value_set_counts_only_when_it_is_loaded() -> None:
    sibling = term(loinc_num="2947-0", system="Bld")
    assert codes(mapping(circuit=None)) == {}
    assert codes(mapping(circuit=frozenset({"2951-2"}))) == {}
    found = checks_of(mapping(circuit=frozenset({"2947-0"}), siblings=[sibling]))
    assert [item.code for item in found] == ["circuit"]
    assert "2947-0" in found[0].sentence


def test_the_same_code_twice_and_the_same_label_otherwise_coded() -> None:
    assert codes(mapping(same_code=["K"], other_codes=["2947-0"])) == {
        "same_code": CheckSeverity.WARNING,
        "same_label": CheckSeverity.WARNING,
    }


def test_a_sure_proposal_speaks_against_no_code() -> None:
    assert [item.code for item in checks_without_code("no_loinc", "2951-2", "sure", False)] == ["sure_proposal"]
    assert checks_without_code("no_loinc", "2951-2", "sure", True) == []
    assert checks_without_code("no_loinc", "2951-2", "uncertain", False) == []


def test_giga_per_litre_is_a_count() -> None:
    assert "num_conc" in read_unit("G/L").dimensions


def test_one_contradiction_makes_the_axis_contradict() -> None:
    lines = [line(Axis.COMPONENT, Verdict.AGREE), line(Axis.COMPONENT, Verdict.CONTRADICT)]
    assert by_axis(lines)[Axis.COMPONENT].verdict is Verdict.CONTRADICT


def test_a_reservation_weakens_an_agreement_and_silence_does_not() -> None:
    agree, reserve, silent = (
        line(Axis.COMPONENT, verdict) for verdict in (Verdict.AGREE, Verdict.COMPATIBLE, Verdict.UNKNOWN)
    )
    assert by_axis([agree, reserve])[Axis.COMPONENT].verdict is Verdict.COMPATIBLE
    assert by_axis([agree, silent])[Axis.COMPONENT].verdict is Verdict.AGREE
    assert by_axis([silent, reserve])[Axis.COMPONENT].verdict is Verdict.UNKNOWN
    assert by_axis([])[Axis.UNIT].verdict is Verdict.UNKNOWN


def test_contradictions_come_first_among_the_reasons() -> None:
    lines = [line(Axis.UNIT, Verdict.AGREE, weight=9), line(Axis.SYSTEM, Verdict.CONTRADICT, weight=-1)]
    assert [item.axis for item in weightiest(lines)] == [Axis.SYSTEM, Axis.UNIT]


def test_rows_whose_words_exclude_each_other_on_one_code_are_named() -> None:
    about = "des classes d’anticorps différentes (IgG, IgM, IgA, IgE)"
    found = checks_of(mapping(same_code=["TOXM"], opposed_to=[("TOXM TOXOPLASMOSE IGM", about)]))
    assert {check.code: check.severity for check in found}["opposed"] is CheckSeverity.WARNING
    (said,) = [check.sentence for check in found if check.code == "opposed"]
    assert said == f"« TOXM TOXOPLASMOSE IGM » porte déjà ce code, et vos mots disent {about}."
