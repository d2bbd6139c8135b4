"""Building the page of how far the readers of a catalogue agree."""

from collections.abc import Iterable

from sqlmodel import Session

from app.double_reading import queue_sql
from app.double_reading.agreement import Agreement, CountedReadings, agreement_of
from app.double_reading.page_building import base_of
from app.double_reading.pages import AgreementLine, AgreementPage
from app.double_reading.shares import discipline_name, discipline_names
from app.platform.identity import CatalogueAccess
from app.text import share_text
from app.transcoding import repository
from app.web.meter import stacked_meter
from matcher.disciplines import OTHER


def agreement_page(session: Session, access: CatalogueAccess) -> AgreementPage:
    """How far the readers of a catalogue agree."""
    counted = queue_sql.counted_readings(session, access.catalogue_id)
    names = repository.names_of(session, {line.first_id for line in counted} | {line.second_id for line in counted})
    waiting = queue_sql.waiting(session, access.catalogue_id, access.laboratory_id, access.user_id)
    keys = [key for key in (*discipline_names(), OTHER) if any(line.discipline == key for line in counted)]
    pairs = sorted(
        {(line.first_id, line.second_id) for line in counted},
        key=lambda pair: (names.get(pair[0], ""), names.get(pair[1], ""), pair),
    )
    return AgreementPage(
        title="Accord entre les lecteurs",
        catalogue=access.catalogue,
        total=_line("Toutes les lectures", counted),
        disciplines=[
            _line(discipline_name(key), (line for line in counted if line.discipline == key)) for key in keys
        ],
        pairs=[
            _line(
                names.get(first, f"n° {first}"),
                (line for line in counted if (line.first_id, line.second_id) == (first, second)),
                names.get(second, f"n° {second}"),
            )
            for first, second in pairs
        ],
        reconciled=queue_sql.reconciled(session, access.catalogue_id),
        waiting=waiting.second,
        nobodys=waiting.nobodys,
        list_url=base_of(access.catalogue_id),
    )


def _line(name: str, counted: Iterable[CountedReadings], second_name: str = "") -> AgreementLine:
    found: Agreement = agreement_of(counted)
    low, high = found.raw_interval
    kappa = found.kappa
    differing = found.readings - found.agreed - found.doubts
    raw = share_text(found.agreed, found.readings, 1)
    said = f"{name}{f' et {second_name}' if second_name else ''} : {raw} d’accord"
    return AgreementLine(
        name=name,
        second_name=second_name,
        readings=found.readings,
        agreed=found.agreed,
        doubts=found.doubts,
        raw_low=low,
        raw_high=high,
        kappa=kappa.value if kappa else None,
        kappa_low=kappa.interval[0] if kappa else 0.0,
        kappa_high=kappa.interval[1] if kappa else 0.0,
        kappa_pairs=kappa.pairs if kappa else found.readings - found.doubts,
        bar=stacked_meter(
            found.readings, [("part-ok", found.agreed), ("part-warn", found.doubts), ("part-bad", differing)], said
        ),
    )
