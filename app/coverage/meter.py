"""The meter: a definition by chapter, specialty, sub-contractor or reviewer; what reaches 80 % fastest; the pace."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from app.coverage.aggregate import Axis, JudgedCatalogue, Sources
from app.coverage.days import days_of
from app.coverage.definitions import Definition, Figure, Measure
from app.coverage.kept import KeptCatalogue
from app.coverage.pace import Curve, Point, curve_of, projection
from app.coverage.pages import TARGET_PERCENT, FigureLine, figure_line, main_sentence
from app.coverage.report import CoverageContext, definitions_for
from app.coverage.wording import NO_CHAPTER, name_of, scope_of
from app.errors import InvalidInputError
from app.models import Catalogue, Level, LocalTest, Outcome, User, WorklistEntry
from app.platform.identity import CatalogueAccess
from app.proposals.chapters import chapter_codes, chapter_proposals, french_chapters
from app.text import format_number, in_paris, with_capital
from app.transcoding.readers import blind_person, hidden_among
from app.transcoding.standing import PLACEHOLDER_CODES, Standing
from app.web.meter import Meter, stacked_meter
from app.web.templating import PageContext
from app.web.wording import STATUS

FASTEST = 50
"""Rows of the list of those that reach the target fastest."""
TABLE_DAYS = 60
_ENTRIES = WorklistEntry.__table__.c  # type: ignore[attr-defined]
OTHER = "Autre spécialité"


class Cut(StrEnum):
    """What the meter is cut by; the value is that of the address."""

    CHAPTER = "chapitre"
    SPECIALTY = "specialite"
    SUBCONTRACTOR = "sous-traitant"
    REVIEWER = "relecteur"


CUT_LABELS = {
    Cut.CHAPTER: "Chapitre",
    Cut.SPECIALTY: "Spécialité",
    Cut.SUBCONTRACTOR: "Sous-traitant",
    Cut.REVIEWER: "Relecteur",
}
_COLUMNS: dict[Cut, Any] = {Cut.SUBCONTRACTOR: col(LocalTest.executing_laboratory), Cut.REVIEWER: _ENTRIES.author}
_AXES = {Cut.SUBCONTRACTOR: Axis.SUBCONTRACTOR, Cut.REVIEWER: Axis.REVIEWER}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """The figure of one part of a catalogue."""

    name: str
    percent: str
    rate: float
    """-1 where there is nothing to count: for the order of a table."""
    numerator: int
    denominator: int
    missing: int
    """What the numerator lacks to reach 80 % of this part."""
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class FastRow:
    """A row that would bring the target nearer."""

    id: int
    code: str
    label: str
    status: str
    volume: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChoice:
    """A definition in the list of those that the meter can be asked for."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPage(PageContext):
    """The meter of a catalogue."""

    catalogue: Catalogue
    active: str
    laboratory_name: str
    release_title: str
    main: FigureLine
    key: str
    definitions: list[DefinitionChoice]
    cut: str
    cut_label: str
    cuts: list[tuple[str, str]]
    parts: list[PartLine]
    by_count: list[FastRow]
    by_volume: list[FastRow]
    has_volumes: bool
    missing: str
    volume_rows_missing: int
    projection: str
    curve: Curve | None
    points: list[Point]
    """The days of the table, the newest first."""
    days_total: int
    target: float


def key_of(definition: Definition) -> str:
    """What names a definition in an address and in what was printed."""
    if definition.public_id:
        return definition.public_id
    side = "avec" if definition.with_subcontracted else "sans"
    rule = definition.exam_rule.value if definition.level is Level.EXAM else "own_code"
    return f"{definition.level.value}-{definition.measure.value}-{rule}-{side}"


def meter_page(session: Session, access: CatalogueAccess, context: CoverageContext, cut: str, key: str) -> MeterPage:
    """The meter now, from what is kept with the facts. Raises InvalidInputError for what cannot be asked."""
    if cut not in set(Cut):
        raise InvalidInputError(f"«\u202f{cut[:40]}\u202f» n'est pas un découpage connu.")
    kept = KeptCatalogue(session, access.catalogue_id)
    definitions = definitions_for(kept, context.composed)
    definition = next((item for item in definitions if key_of(item) == key), definitions[0] if not key else None)
    if definition is None:
        raise InvalidInputError("Cette définition n'est pas, ou n'est plus, en service pour ce catalogue.")
    sources = Sources(context.release_id, context.grace.is_over, context.circuit_id)
    is_composed = bool(definition.public_id)
    judged = JudgedCatalogue(session, access.catalogue_id, sources, [definition]) if is_composed else None
    figure = judged.figure(definition) if judged else kept.figure(definition)
    default = kept.figure(Definition())
    has_volumes = kept.has_volumes(Level.ANALYSIS)
    weighed = kept.figure(Definition(measure=Measure.VOLUME)) if has_volumes else None
    today = in_paris(context.computed_at).date()
    points = [
        Point(line.day, line.numerator, line.denominator, line.waiting, line.volume_numerator, line.volume_denominator)
        for line in days_of(session, access.catalogue_id)
    ]
    now = Point(
        today, default.numerator, default.denominator, default.standings.get(Standing.WAITING, 0),
        weighed.numerator if weighed else 0, weighed.denominator if weighed else 0,
    )  # fmt: skip
    whole = [*points, now]
    blind = blind_person(access)
    return MeterPage(
        title=f"Avancement — {access.catalogue.name}",
        catalogue=access.catalogue,
        active="couverture",
        laboratory_name=access.laboratory.name,
        release_title=context.release_title,
        main=figure_line(definition, figure),
        key=key_of(definition),
        definitions=[
            DefinitionChoice(key=key_of(item), name=f"{name_of(item)}, {scope_of(item)}") for item in definitions
        ],
        cut=cut,
        cut_label=CUT_LABELS[Cut(cut)],
        cuts=[(item.value, label) for item, label in CUT_LABELS.items()],
        parts=_parts(session, access.catalogue_id, kept, sources, definition, Cut(cut)),
        by_count=_fastest(session, access.catalogue_id, blind, by_volume=False),
        by_volume=_fastest(session, access.catalogue_id, blind, by_volume=True) if has_volumes else [],
        has_volumes=has_volumes,
        missing=main_sentence(default),
        volume_rows_missing=weighed.rows_missing if weighed else 0,
        projection=projection(points, default, today),
        curve=curve_of(whole),
        points=whole[::-1][:TABLE_DAYS],
        days_total=len(whole),
        target=TARGET_PERCENT,
    )


def _parts(
    session: Session, catalogue_id: int, kept: KeptCatalogue, sources: Sources, definition: Definition, cut: Cut
) -> list[PartLine]:
    """The figure of each part, the one that lacks most first."""
    judged = None
    if definition.public_id:
        judged = JudgedCatalogue(session, catalogue_id, sources, [definition], _AXES.get(cut, Axis.CHAPTER))
    name_it = _namer(session, catalogue_id, cut)
    if judged is not None:
        found = judged.by_value(definition, name_it)
    elif cut in _COLUMNS:
        found = kept.by_column(definition, _COLUMNS[cut], name_it)
    else:
        found = kept.by(definition, name_it)
    lines = [_part(name, figure) for name, figure in found.items()]
    return sorted(lines, key=lambda line: (-line.missing, line.name))


def _part(name: str, figure: Figure) -> PartLine:
    return PartLine(
        name=name,
        percent=figure.percent,
        rate=-1 if figure.rate is None else figure.rate,
        numerator=figure.numerator,
        denominator=figure.denominator,
        missing=figure.missing,
        meter=stacked_meter(
            figure.denominator, (("part-ok", figure.numerator),), f"{name}\u202f: {figure.percent}", TARGET_PERCENT
        ),
    )


def _specialty(chapter: str) -> str:
    """The specialty that the name of a chapter says: no column of the files tells it."""
    found = chapter_proposals(chapter, chapter_codes()) if chapter else []
    return with_capital(french_chapters().get(found[0].loinc_num, OTHER)) if found else OTHER


def _namer(session: Session, catalogue_id: int, cut: Cut) -> Callable[[str], str]:
    """How the parts of a cut are named, from what the rows hold."""
    if cut is Cut.REVIEWER:
        authors = select(_ENTRIES.author).where(_ENTRIES.catalogue_id == catalogue_id).distinct()
        ids = [int(value) for value in session.scalars(authors) if value.isdigit()]
        statement = select(User.id, User.display_name).where(col(User.id).in_(ids))
        people = {str(number): name for number, name in session.exec(statement)}
        return lambda value: people.get(value, "Personne encore")
    if cut is Cut.SUBCONTRACTOR:
        return lambda value: value or "Exécutées par le laboratoire, ou non dit"
    return _specialty if cut is Cut.SPECIALTY else (lambda value: value or NO_CHAPTER)


def _fastest(session: Session, catalogue_id: int, blind: int | None, *, by_volume: bool) -> list[FastRow]:
    """The first analyses to look at: those decided, then the surest ones; or the most run ones.

    Those decided without a code that counts are not among them: their approval brings no code.
    """
    to_do = [Standing.WAITING.value, Standing.UNFINISHED.value]
    found: list[Any] = []
    columns: Any = (
        _ENTRIES.local_test_id, _ENTRIES.code, col(LocalTest.label).label("label"), _ENTRIES.status, _ENTRIES.volume,
    )  # fmt: skip
    base: Any = (
        select(*columns)
        .join(LocalTest, col(LocalTest.id) == _ENTRIES.local_test_id)
        .where(
            _ENTRIES.catalogue_id == catalogue_id,
            _ENTRIES.level == Level.ANALYSIS,
            or_(
                _ENTRIES.standing != Standing.WAITING.value,
                and_(
                    _ENTRIES.outcome == Outcome.CODE.value, _ENTRIES.loinc_num.not_in(sorted(PLACEHOLDER_CODES))
                ),
            ),
        )
        .limit(FASTEST)
    )
    if by_volume:
        order = (_ENTRIES.volume.desc(), _ENTRIES.position, _ENTRIES.local_test_id)
        found = list(
            session.execute(base.where(_ENTRIES.standing.in_(to_do), _ENTRIES.volume > 0).order_by(*order))
        )
    else:
        surest = {to_do[0]: (_ENTRIES.position,), to_do[1]: (_ENTRIES.confidence.desc(), _ENTRIES.position)}
        for standing, order in surest.items():
            statement = base.where(_ENTRIES.standing == standing).order_by(*order, _ENTRIES.local_test_id)
            found += list(session.execute(statement))
    found = found[:FASTEST]
    hidden = hidden_among(session, blind, [row.local_test_id for row in found])
    return [
        FastRow(
            id=row.local_test_id,
            code=row.code,
            label=row.label,
            status=STATUS[row.status].text,
            volume="—" if row.volume < 0 else format_number(row.volume),
        )
        for row in found
        if row.local_test_id not in hidden
    ]
