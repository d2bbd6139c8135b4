"""How far the analyses of a catalogue are, by rows and by volume, against the target: the bars of the work lists."""

from sqlmodel import Session

from app.coverage.definitions import TARGET, Definition, Measure
from app.coverage.figures import Group, figure_of
from app.coverage.kept import KeptCatalogue
from app.coverage.pages import TARGET_PERCENT
from app.models import Level
from app.text import counted, format_number, share_text
from app.transcoding.standing import Standing
from app.web.meter import stacked_meter
from app.worklist.bars import WorkBar, make_bars_with

_NAMES = {Measure.ROWS: "Lignes", Measure.VOLUME: "Volume"}
"""Of what is transcoded: approved with a LOINC code."""
_LABELS = {Measure.ROWS: "Lignes transcodées", Measure.VOLUME: "Volume transcodé"}
_UNITS = {Measure.ROWS: ("analyse", "analyses"), Measure.VOLUME: ("acte", "actes")}


def work_bars(session: Session, catalogue_id: int) -> list[WorkBar]:
    """The bars, from the kept counts: one statement. Those of the coverage page say the same."""
    catalogue = KeptCatalogue(session, catalogue_id)
    groups = [group for group in catalogue.groups if group.level is Level.ANALYSIS]
    measures = [Measure.ROWS, *([Measure.VOLUME] if catalogue.has_volumes(Level.ANALYSIS) else [])]
    return [_bar(measure, groups) for measure in measures] if groups else []


def _bar(measure: Measure, groups: list[Group]) -> WorkBar:
    definition = Definition(measure=measure)
    figure = figure_of(definition, groups, lambda _lacking: 0)
    waiting = sum(
        group.weight(measure)
        for group in groups
        if group.standing is Standing.WAITING and not group.leaves(definition)
    )
    total = counted(figure.denominator, *_UNITS[measure])
    done = format_number(figure.numerator)
    sentence = f"{figure.percent} : {done} sur {total}, et {format_number(waiting)} à approuver"
    label = f"{_LABELS[measure]} : {sentence}. Repère : {share_text(TARGET.numerator, TARGET.denominator, 0)}."
    parts = (("part-ok", figure.numerator), ("part-info", waiting))
    meter = stacked_meter(figure.denominator, parts, label, TARGET_PERCENT)
    return WorkBar(_NAMES[measure], sentence, meter)


make_bars_with(work_bars)
