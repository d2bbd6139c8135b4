"""Checks on a mapping. Pure: everything they need is gathered beforehand in a `CheckedMapping`.

A refused code can never be chosen; a blocking check needs a written justification; a warning is shown.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.models import Level, LocalTest, LoincTerm
from app.terminology.grace import NO_LIMIT, GraceRule
from app.text import french_day, release_title
from app.transcoding.check_words import Check, CheckSeverity
from app.transcoding.evidence import AxisFinding, EvidenceLine, by_axis
from app.transcoding.outside import HeldAnalysis, outside_chapters, outside_exam
from app.transcoding.standing import PLACEHOLDER_CODES
from loinc_data.checkdigit import is_valid_loinc
from loinc_data.units import read_unit
from matcher.evidence.property import (
    WITHOUT_UNIT,
    is_count_of_a_percent,
    is_percent_of_a_count,
    is_rate_of_a_concentration,
)
from matcher.normalise.units import UnitReading
from matcher.types import Axis, Band, Verdict

SAME_LOCAL_CODE = "same_local_code"
"""The check of rows that share a local code and not their answer."""
OF_CONTRADICTIONS = frozenset({"unit", "specimen", "method", "component"})
"""The checks that say, as warnings, what the evidence contradicts; the other axes have blocking checks of their own."""
OF_THE_CODE = frozenset({"format", "placeholder", "absent", "deprecated"})
"""The checks that a code raises on any row."""
SERUM_ONLY = frozenset({"Ser", "Ser/Plas", "Plas", "PPP"})


@dataclass(frozen=True, slots=True)
class CheckedMapping:
    """A code for a local test, and what is known of both."""

    test: LocalTest
    loinc_num: str
    term: LoincTerm | None
    release_version: str = ""
    release_is_whole: bool = False
    """It holds every code of LOINC, see `app.terminology.service.is_whole`."""
    grace: GraceRule = NO_LIMIT
    """What holds now for the codes that the release retired."""
    lines: Sequence[EvidenceLine] = ()
    replacements: Sequence[str] = ()
    """Codes that LOINC gives in place of a retired one."""
    siblings: Sequence[LoincTerm] = ()
    """Terms of the same component."""
    circuit: frozenset[str] | None = None
    """Those of the codes at hand that are in « Circuit de la biologie »; None when the list is not loaded."""
    same_code: Sequence[str] = ()
    """Local codes of the catalogue that carry this LOINC code already."""
    opposed_to: Sequence[tuple[str, str]] = ()
    """Of those, the rows whose words exclude this one's: (local code and label, about what)."""
    other_codes: Sequence[str] = ()
    """LOINC codes given to the same label elsewhere in the laboratory."""
    other_answers: Sequence[str] = ()
    """Other answers approved for rows of the same local code."""
    chapters: Mapping[str, str] = field(default_factory=dict)
    """Code -> name of all that a chapter may be given; empty for any other row."""
    analyses: Sequence[HeldAnalysis] = ()
    """What an exam holds; empty for any other row."""
    findings: dict[Axis, AxisFinding] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", by_axis(self.lines))

    @property
    def unit(self) -> UnitReading:
        """The local unit as understood."""
        return read_unit(self.test.unit or self.test.unit_code)

    def sentence(self, axis: Axis, otherwise: str) -> str:
        """What the evidence says of an axis that contradicts."""
        told = [line.sentence for line in self.lines
                if line.axis is axis and line.verdict is Verdict.CONTRADICT]  # fmt: skip
        return " ".join(told) or otherwise

    def contradicts(self, axis: Axis) -> bool:
        """Whether the evidence contradicts on this axis."""
        return self.findings[axis].verdict is Verdict.CONTRADICT


def checks_of(mapping: CheckedMapping) -> list[Check]:
    """Every check that this mapping raises, the gravest first."""
    if not is_valid_loinc(mapping.loinc_num):
        return [_refused("format", f"« {mapping.loinc_num} » n'est pas un code LOINC : format ou clé de contrôle.")]
    if mapping.loinc_num in PLACEHOLDER_CODES:
        sentence = f"{mapping.loinc_num} est un code d'attente : il ne désigne aucune analyse."
        return [_refused("placeholder", sentence)]
    if mapping.term is None:
        return [_refused("absent", _absent(mapping))]
    found = [check for rule in RULES for check in rule(mapping, mapping.term)]
    order = list(CheckSeverity)
    return sorted(found, key=lambda check: order.index(check.severity))


def checks_of_choice(mapping: CheckedMapping) -> list[Check]:
    """The same before a person chooses the code: whatever axis is contradicted, a written justification is needed.

    Where the release is not whole, a code that it does not hold may be kept so, to be confirmed by one that does.

    What was decided and approved before is judged by `checks_of`, where some contradictions only warn.
    """
    softened = OF_CONTRADICTIONS if mapping.release_is_whole else OF_CONTRADICTIONS | {"absent"}
    found = [
        replace(check, severity=CheckSeverity.BLOCKING) if check.code in softened else check
        for check in checks_of(mapping)
    ]
    order = list(CheckSeverity)
    return sorted(found, key=lambda check: order.index(check.severity))


def checks_without_code(
    outcome: str,
    best_loinc: str,
    best_band: str,
    contradiction: bool,
    local_code: str = "",
    other_answers: Sequence[str] = (),
) -> list[Check]:
    """What to know before a row is declared without code."""
    found = list(_ambiguous(local_code, other_answers))
    if outcome and best_loinc and best_band == Band.SURE and not contradiction:
        sentence = f"Une proposition sûre et sans contradiction existe pourtant : {best_loinc}."
        found.append(_warning("sure_proposal", sentence))
    return found


def is_blocking(checks: Sequence[Check]) -> bool:
    """Whether a justification is needed, or would not do."""
    return any(check.severity is not CheckSeverity.WARNING for check in checks)


def _absent(mapping: CheckedMapping) -> str:
    said = f"{mapping.loinc_num} est absent de la version utilisée ({release_title(mapping.release_version)})"
    if mapping.release_is_whole:
        return f"{said} : ce n'est pas un code de LOINC."
    return (
        f"{said}, qui ne contient pas tous les codes : il reste « à confirmer », et ne pourra être approuvé, compté ni "
        "exporté qu'une fois chargée une version de LOINC qui le contient."
    )


def _refused(code: str, sentence: str) -> Check:
    return Check(code, CheckSeverity.REFUSED, sentence)


def _blocking(code: str, sentence: str) -> Check:
    return Check(code, CheckSeverity.BLOCKING, sentence)


def _warning(code: str, sentence: str) -> Check:
    return Check(code, CheckSeverity.WARNING, sentence)


def _status(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if term.status == "DEPRECATED":
        instead = f" LOINC le remplace par {', '.join(mapping.replacements)}." if mapping.replacements else ""
        said = f"{term.loinc_num} est retiré de LOINC (DEPRECATED).{_limit(mapping.grace)}{instead}"
        yield _blocking("deprecated", said)
    elif term.status == "DISCOURAGED":
        instead = f" LOINC suggère {', '.join(mapping.replacements)}." if mapping.replacements else ""
        yield _warning("discouraged", f"{term.loinc_num} est déconseillé pour de nouvelles correspondances.{instead}")
    elif term.status == "TRIAL":
        yield _warning("trial", f"{term.loinc_num} est à l'essai : LOINC peut encore le modifier.")


def _limit(grace: GraceRule) -> str:
    if grace.last_day is None:
        return ""
    if grace.is_over:
        return f" Depuis le {french_day(grace.first_day_without)} il ne compte plus et ne sort plus."
    return f" Il ne comptera et ne sortira que jusqu'au {french_day(grace.last_day)} inclus."


def _property(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    unit = mapping.test.unit or mapping.test.unit_code
    if is_percent_of_a_count(mapping.unit, term.property):
        yield _blocking(
            "percent_absolute", f"Unité {unit} : un pourcentage, alors que le code attend une valeur absolue."
        )
    elif is_count_of_a_percent(mapping.unit, term.property):
        yield _blocking(
            "percent_absolute", f"Unité {unit} : une valeur absolue, alors que le code attend un pourcentage."
        )
    elif mapping.contradicts(Axis.PROPERTY):
        yield _blocking("property", mapping.sentence(Axis.PROPERTY, "L'unité contredit la grandeur du code."))
    elif mapping.contradicts(Axis.UNIT):
        yield _warning("unit", mapping.sentence(Axis.UNIT, "L'unité n'a pas la dimension attendue."))


def _time(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if mapping.contradicts(Axis.TIME):
        yield _blocking("time", mapping.sentence(Axis.TIME, "La temporalité contredit celle du code."))
    elif term.time_aspct == "Pt" and is_rate_of_a_concentration(mapping.unit, term.property):
        yield _blocking("time", "L'unité exprime un débit sur une durée ; le code est une concentration ponctuelle.")
    elif term.time_aspct not in ("Pt", "", "-", "*") and mapping.findings[Axis.TIME].verdict is Verdict.UNKNOWN:
        yield _warning(
            "collection",
            f"Le code demande un recueil sur {term.time_aspct} que le catalogue ne mentionne pas.",
        )


def _scale(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    has_unit = mapping.unit.is_known
    if mapping.contradicts(Axis.SCALE):
        yield _blocking("scale", mapping.sentence(Axis.SCALE, "L'échelle contredit celle du code."))
    elif has_unit and mapping.test.level == Level.ANALYSIS and term.scale_typ in ("Ord", "Nom", "Nar"):
        yield _blocking(
            "unit_scale",
            f"L'analyse a une unité ; le code n'attend pas de nombre (échelle {term.scale_typ}).",
        )
    elif (
        mapping.test.level == Level.ANALYSIS
        and term.scale_typ == "Qn"
        and not (mapping.test.unit or mapping.test.unit_code)
        and term.property not in WITHOUT_UNIT
        and mapping.findings[Axis.SCALE].verdict is not Verdict.AGREE
    ):
        yield _warning("no_unit", "L'analyse n'a pas d'unité ; le code attend un nombre avec unité.")


def _specimen(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if mapping.contradicts(Axis.SYSTEM):
        yield _warning("specimen", mapping.sentence(Axis.SYSTEM, "Le milieu contredit celui du code."))
    elif (
        mapping.test.level == Level.ANALYSIS
        and not (mapping.test.specimen or mapping.test.specimen_code)
        and term.system in SERUM_ONLY
        and mapping.findings[Axis.SYSTEM].verdict is Verdict.UNKNOWN
    ):
        yield _warning("no_specimen", f"Aucun milieu n'est précisé ; rien ne montre que c'est {term.system}.")


def _method(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    finding = mapping.findings[Axis.METHOD]
    if finding.verdict is Verdict.CONTRADICT:
        yield _warning("method", mapping.sentence(Axis.METHOD, "La technique contredit celle du code."))
    elif term.method_typ and finding.verdict is Verdict.UNKNOWN:
        yield _warning("method_unproven", f"Le code impose la technique {term.method_typ}, que rien n'indique.")
    elif not term.method_typ and finding.local:
        methods = {method.strip() for method in finding.local.split(",")}
        better = [item.loinc_num for item in mapping.siblings if item.method_typ in methods and _same_axes(item, term)]
        if better:
            yield _warning(
                "method_sibling",
                f"Un code de même sens précise la technique locale : {', '.join(better[:3])}.",
            )


def _order(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if mapping.test.level == Level.EXAM and term.order_obs == "Observation":
        yield _warning("order", "Ce code n'est pas prescriptible : c'est un code de résultat.")
    elif mapping.test.level == Level.ANALYSIS and term.order_obs == "Order":
        yield _warning("order", "Ce code est un code de prescription, pas de résultat.")
    if mapping.test.level == Level.ANALYSIS and term.class_name.startswith("PANEL"):
        yield _warning("panel", "C'est le code d'un ensemble (panel), donné à une analyse isolée.")


def _outside(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if said := outside_chapters(term.loinc_num, mapping.chapters):
        yield _blocking("outside_chapters", said)
    is_named = mapping.findings[Axis.COMPONENT].verdict is Verdict.AGREE
    if said := outside_exam(term, mapping.analyses, is_named):
        yield _blocking("outside_exam", said)


def _component(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if mapping.contradicts(Axis.COMPONENT):
        yield _warning("component", mapping.sentence(Axis.COMPONENT, "Le composant contredit celui du code."))


def _circuit(mapping: CheckedMapping, term: LoincTerm) -> Iterator[Check]:
    if mapping.circuit is None or term.loinc_num in mapping.circuit:
        return
    inside = [item for item in mapping.siblings if item.loinc_num in mapping.circuit]
    inside.sort(key=lambda item: -_shared_axes(item, term))
    nearest = f" Le plus proche qui s'y trouve : {inside[0].loinc_num}." if inside else ""
    yield _warning("circuit", f"Code hors du jeu de valeurs « Circuit de la biologie ».{nearest}")


def _twins(mapping: CheckedMapping, _term: LoincTerm) -> Iterator[Check]:
    if mapping.same_code:
        yield _warning("same_code", f"Même code LOINC déjà donné à : {_listed(mapping.same_code)}.")
    for row, about in mapping.opposed_to[:2]:
        yield _warning("opposed", f"« {row} » porte déjà ce code, et vos mots disent {about}.")
    if mapping.other_codes:
        sentence = f"Le même libellé porte un autre code LOINC dans le laboratoire : {_listed(mapping.other_codes)}."
        yield _warning("same_label", sentence)


def _answers(mapping: CheckedMapping, _term: LoincTerm) -> Iterator[Check]:
    yield from _ambiguous(mapping.test.code, mapping.other_answers)


def _ambiguous(local_code: str, answers: Sequence[str]) -> Iterator[Check]:
    if answers:
        said = _listed([answer or "aucun code LOINC" for answer in answers])
        sentence = (
            f"Une autre ligne du code local « {local_code} » a une autre réponse approuvée ({said}) : tant qu'elles "
            "diffèrent, aucune ne sort pour le SGL ni ne compte dans la couverture."
        )
        yield _warning(SAME_LOCAL_CODE, sentence)


def _listed(texts: Sequence[str], limit: int = 4) -> str:
    shown = ", ".join(texts[:limit])
    return f"{shown} et {len(texts) - limit} autres" if len(texts) > limit else shown


def _axes(term: LoincTerm) -> tuple[str, ...]:
    return (term.component, term.property, term.time_aspct, term.system, term.scale_typ)


def _same_axes(one: LoincTerm, other: LoincTerm) -> bool:
    return _axes(one) == _axes(other) and one.status == "ACTIVE"


def _shared_axes(one: LoincTerm, other: LoincTerm) -> int:
    return sum(mine == theirs for mine, theirs in zip(_axes(one), _axes(other), strict=True))


RULES: tuple[Callable[[CheckedMapping, LoincTerm], Iterator[Check]], ...] = (
    _status, _property, _time, _scale, _specimen, _method, _order, _outside, _component, _circuit, _twins,
    _answers,
)  # fmt: skip
