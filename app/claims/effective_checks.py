"""What must hold between the facts of a run in a pack, and which of its figures they give again. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.claims.effective_facts import bounds_of, made_by
from app.claims.effective_recompute import Carried, carried, is_erased, whole_number
from app.claims.effective_tables import BOOTSTRAP
from app.claims.past_facts import moment_of
from app.claims.reading_facts import Facts, FactsError, Row
from app.claims.tables import NO, YES
from app.effective.reported import NO_INTERVAL, Interval
from app.effective.sampling import numpy_version, sample_of

_PERCENTS = re.compile(r"[0-9]{1,3},[0-9]{2}")
_VERSION = re.compile(r"[0-9]+(\.[0-9a-z+]+){1,4}")
_RUN = "faits/effective_run.csv"
_CLUSTERS = "faits/effective_clusters.csv"
_NUMBERS = ("files", "reports", "level1_reports", "deleted_reports", "damaged")
_SUMS = ("results", "effective", "by_loinc_alone", "local_codes", "effective_local_codes")
NOT_DRAWN_AGAIN = (
    "L'intervalle du transcodage effectif n'est pas recalculé, et la chaîne d'audit ne le tient pas : d'après le "
    "dossier, ses tirages ont été faits avec NumPy {told}, et NumPy {here}, qui est ici, peut tirer autrement."
)
ERASED = (
    "Les codes locaux du transcodage effectif ne sont pas recomptés : l'un d'eux a été effacé depuis, et la "
    "chaîne d'audit tient leur nombre."
)


@dataclass(frozen=True, slots=True)
class RunChecked:
    """The figures of a run, counted again."""

    carried: Carried
    local_codes: tuple[int, int]
    """Those all of whose results are effective, and all."""
    not_recomputed: tuple[str, ...]
    """What could not be counted again, in French."""


def check_run(facts: Facts) -> RunChecked | None:
    """The figures of the run of a pack; None without. FactsError where its facts do not hold together."""
    if not facts.effective_run:
        return None
    if len(facts.effective_run) != 1:
        raise FactsError(f"{_RUN} : un dossier a une mesure, et une seule")
    run = facts.effective_run[0]
    _check_line(run, facts)
    found = carried(facts)
    again = (
        found.results, found.effective, found.with_loinc_alone - found.effective, found.local_codes,
        found.effective_local_codes,
    )  # fmt: skip
    has_erased = any(is_erased(line) for line in facts.effective_counts)
    for name, number in list(zip(_SUMS, again, strict=True))[: 3 if has_erased else 5]:
        if run[name] != str(number):
            raise FactsError(f"{_RUN} : « {name} » vaut {run[name][:20]}, et les faits donnent {number}")
    codes = (int(run["effective_local_codes"]), int(run["local_codes"]))
    told = [ERASED] if has_erased else []
    return RunChecked(found, codes, (*told, *_interval(facts, run, found)))


def _check_line(run: Row, facts: Facts) -> None:
    for name in (*_NUMBERS, *_SUMS):
        whole_number(run[name], f"{_RUN}, colonne {name}")
    try:
        measured = moment_of(run["measured_at"])
        days = [date.fromisoformat(run[name]) for name in ("period_from", "period_to") if run[name]]
    except ValueError:
        raise FactsError(f"{_RUN} : un moment ou un jour ne peut être lu") from None
    if measured > moment_of(facts.now) or days != sorted(days):
        raise FactsError(f"{_RUN} : la mesure est plus tardive que l'état du dossier, ou sa période finit trop tôt")
    if run["has_circuit"] not in (YES, NO):
        raise FactsError(f"{_RUN} : « has_circuit » n'est ni oui ni non")
    if run["author"] and run["author"] not in {line["person"] for line in facts.people}:
        raise FactsError(f"{_RUN} : cette personne n'est pas dans people.csv")


def whole_clusters(facts: Facts) -> Iterable[tuple[int, int, int]]:
    """Of whole reports: results, effective ones, and how many reports carried so."""
    for number, line in enumerate(facts.effective_clusters, start=2):
        where = f"{_CLUSTERS}, ligne {number}"
        results, effective, reports = (whole_number(line[name], where) for name in ("results", "effective", "reports"))
        if effective > results or not results or not reports:
            # A report without any result is no cluster: nothing could be divided by what such reports hold.
            raise FactsError(f"{where} : plus de résultats effectifs que de résultats, aucun résultat ou compte rendu")
        if not line["domain"]:
            yield results, effective, reports


def _interval(facts: Facts, run: Row, found: Carried) -> list[str]:
    """Draw the interval again; what is to be said where that cannot be done."""
    kinds = list(whole_clusters(facts))
    sums = (
        sum(effective * reports for _, effective, reports in kinds),
        sum(results * reports for results, _, reports in kinds),
    )
    told = (run["interval_low"], run["interval_high"], run["interval_by"])
    if any(told) and sum(reports for *_, reports in kinds) > int(run["reports"]):
        raise FactsError(f"{_CLUSTERS} : il y a plus de comptes rendus que la mesure n'en a lu")
    if sums != (found.effective, found.results):
        # A name that was erased makes the reports of its domain pass for whole ones: nothing is told of them.
        if any(told):
            raise FactsError(f"{_CLUSTERS} : ces comptes rendus ne portent pas, ensemble, les résultats de la mesure")
        return []
    if run["interval_by"] == BOOTSTRAP and run["numpy"] != numpy_version():
        if not _VERSION.fullmatch(run["numpy"]):
            raise FactsError(f"{_RUN} : « {run['numpy'][:20]} » n'est pas une version de NumPy")
        share = found.effective * 10_000 // found.results if found.results else 0
        if not _hundredths(run["interval_low"]) <= share <= _hundredths(run["interval_high"]) <= 10_000:
            raise FactsError(f"{_RUN} : l'intervalle donné n'entoure pas le taux")
        return [NOT_DRAWN_AGAIN.format(told=run["numpy"][:20], here=numpy_version())]
    again = Interval.of(sample_of(kinds)) if kinds else NO_INTERVAL
    low, high = bounds_of(again)
    if told != (low, high, made_by(again)):
        raise FactsError(
            f"{_RUN} : l'intervalle donné, de {run['interval_low'][:10]} à {run['interval_high'][:10]}, n'est pas "
            f"celui que donnent les tirages, de {low or '—'} à {high or '—'}"
        )
    return []


def _hundredths(percents: str) -> int:
    if not _PERCENTS.fullmatch(percents):
        raise FactsError(f"{_RUN} : « {percents[:20]} » n'est pas une borne d'intervalle")
    return int(percents.replace(",", ""))
