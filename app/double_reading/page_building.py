"""From what was read to the contexts of the pages of the double reading."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.cases.assembly import build_case
from app.cases.searching import MOST, Asked
from app.cases.view import CaseView, Links
from app.double_reading import queue_sql
from app.double_reading.agreement import Agreement, CountedReadings, agreement_of
from app.double_reading.pages import (
    AgreementLine,
    AgreementPage,
    BlindHit,
    BlindPage,
    ListedRow,
    OverviewPage,
    ReadingSide,
    ReconciliationPage,
)
from app.double_reading.queue_sql import Disagreement
from app.double_reading.service import NO_DISAGREEMENT, NOT_ASKED, OWN_ROW, may_reconcile, why_not
from app.double_reading.shares import discipline_name, discipline_names
from app.errors import ConflictError, NotAllowedError, NotFoundError
from app.models import CONTRIBUTORS, Action, Decision, Level, LocalTest, Relation, Role, SecondReading, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.terminology.naming import name_of
from app.terminology.service import current_release, search
from app.transcoding import repository
from app.transcoding.readings import reconciliation_url
from app.transcoding.repository import runs_of
from app.web.meter import stacked_meter
from app.web.templating import format_percent
from app.web.wording import LEVEL, RELATION, RELATION_SHORT, ROLE, STATUS
from app.worklist.navigation import case_url
from app.worklist.query import ReviewQuery
from matcher.disciplines import OTHER

NO_SUCH_ROW = "Cette analyse n'existe pas ou ne vous est pas ouverte."
SEARCH_LIMIT = 12
ANSWERS = {
    Action.CHOOSE: "Code LOINC",
    Action.NO_LOINC: "Aucun code LOINC",
    Action.OUT_OF_SCOPE: "Hors périmètre",
    Action.DOUBT: "Doute",
}
NOTICES = {
    "lue": "Deuxième lecture enregistrée.",
    "toutes": "Deuxième lecture enregistrée : plus aucune ligne n’attend la vôtre.",
    "conciliee": "Conciliation enregistrée : la décision qui en sort attend l’approbation d’un autre biologiste.",
}


def base_of(catalogue_id: int) -> str:
    """Where the double reading of a catalogue is."""
    return f"/catalogues/{catalogue_id}/double-lecture"


def shares_address(laboratory_id: int) -> str:
    """The page of the shares of a laboratory."""
    return f"/laboratoires/{laboratory_id}/double-lecture"


def place_of(params: QueryParams, name: str) -> tuple[int, int]:
    """Where a list begins: after this place (position, row); the beginning when the address says nothing clear."""
    position, _, row_id = params.get(name, "").partition("-")
    if all(text.isascii() and text.isdigit() and len(text) < 10 for text in (position, row_id)):
        return int(position), int(row_id)
    return -1, 0


def overview_page(session: Session, access: CatalogueAccess, params: QueryParams) -> OverviewPage:
    """What waits in a catalogue."""
    base = base_of(access.catalogue_id)
    waiting = queue_sql.waiting(session, access.catalogue_id, access.laboratory_id, access.user_id)
    may_read = access.role in CONTRIBUTORS
    tests = (
        queue_sql.to_read(session, access.catalogue_id, access.user_id, place_of(params, "lire")) if may_read else []
    )
    found = queue_sql.disagreements(session, access.catalogue_id, after=place_of(params, "concilier"))
    return OverviewPage(
        title="Double lecture",
        catalogue=access.catalogue,
        waiting=waiting.second,
        mine=waiting.mine if may_read else 0,
        nobodys=waiting.nobodys,
        in_disagreement=waiting.reconciliation,
        to_read=[_listed(test, f"{base}/{test.id}") for test in tests],
        more_to_read=_more(base, "lire", tests),
        disagreements=[
            replace(
                _listed(item.test, f"{base}/{item.test.id}/conciliation"),
                first=said_in_short(item.first),
                second=said_in_short(item.second),
                state=STATUS[Status(item.status)].text,
            )
            for item in found
        ],
        more_disagreements=_more(base, "concilier", [item.test for item in found]),
        may_read=may_read,
        may_reconcile=may_reconcile(access),
        start_url=f"{base}/{tests[0].id}" if tests else "",
        agreement_url=f"{base}/accord",
        shares_url=shares_address(access.laboratory_id),
        notice=NOTICES.get(params.get("fait", ""), ""),
    )


def _more(base: str, name: str, tests: Sequence[LocalTest]) -> str:
    if len(tests) < queue_sql.WINDOW:
        return ""
    return f"{base}?{name}={tests[-1].position}-{tests[-1].id}"


def _listed(test: LocalTest, url: str) -> ListedRow:
    return ListedRow(
        url=url,
        code=test.code,
        occurrence=test.occurrence,
        label=test.label,
        level=LEVEL[Level(test.level)],
        chapter=test.chapter or test.chapter_code,
        specimen=test.specimen,
        unit=test.unit,
    )


def said_in_short(said: Decision | SecondReading) -> str:
    """An answer on one line: its code, or what it says instead."""
    return said.loinc_num if said.action == Action.CHOOSE else ANSWERS[Action(said.action)]


def blind_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    params: QueryParams,
    *,
    problem: str = "",
    needs_justification: bool = False,
    form: dict[str, str] | None = None,
    chosen: str = "",
) -> BlindPage:
    """A row to read a second time; ConflictError when nothing waits there, NotAllowedError when it is not hers.

    Nothing of what others did to the row is read. The address says nothing of the queue that the first reader had.
    """
    if repository.local_test(session, access.catalogue_id, local_test_id) is None:
        raise NotFoundError(NO_SUCH_ROW)
    requested = queue_sql.request_on(session, access.catalogue_id, local_test_id, access.user_id)
    if requested is None:
        raise ConflictError(NOT_ASKED)
    if requested.is_own:
        raise NotAllowedError(OWN_ROW)
    codes = [code.strip()[:20] for code in params.getlist("choix") if code.strip()][:3]
    if chosen:
        codes = [*(code for code in codes if code != chosen), chosen]
    asked = Asked(ReviewQuery(), most=params.get("candidats") == str(MOST), codes=tuple(codes), chosen=chosen)
    runs = runs_of(session, access.catalogue_id)
    case = build_case(session, settings, access, local_test_id, runs, asked, is_blind=True)
    here = f"{base_of(access.catalogue_id)}/{local_test_id}"
    text = params.get("recherche", "").strip()[:200]
    following = queue_sql.to_read(
        session, access.catalogue_id, access.user_id, (case.test.position, case.test.id or 0)
    )
    return BlindPage(
        title=f"Deuxième lecture — {case.test.code} {case.test.label}",
        catalogue=access.catalogue,
        case=_without_links(case, here, "" if asked.most or not case.links.more else f"{here}?candidats={MOST}"),
        request_id=requested.request.public_id,
        address=here,
        list_url=base_of(access.catalogue_id),
        next_url=f"{base_of(access.catalogue_id)}/{following[0].id}" if following else "",
        text=text,
        hits=_hits(session, here, text, codes, {item.loinc_num for item in case.candidates}),
        kept_codes=codes,
        notice=NOTICES["lue"] if params.get("fait") == "lue" else "",
        problem=problem,
        needs_justification=needs_justification,
        form=form or {},
    )


def _without_links(case: CaseView, here: str, more: str) -> CaseView:
    """The case with no address of the review: a second reader finds there what she must not know yet."""
    links = replace(case.links, **{item.name: "" for item in fields(Links)})
    earlier = [
        replace(line, compare_url=f"{here}?choix={line.loinc_num}#comparaison" if line.compare_url else "")
        for line in case.earlier
    ]
    return replace(case, links=replace(links, more=more), hidden=[], earlier=earlier)


def _hits(session: Session, here: str, text: str, codes: Sequence[str], present: set[str]) -> list[BlindHit]:
    release = current_release(session)
    if release is None or release.id is None or not text:
        return []
    kept = "".join(f"choix={code}&" for code in codes if code.replace("-", "").isalnum())
    found = []
    for term in search(session, release.id, text, SEARCH_LIMIT):
        name = name_of(term)
        axes = (term.component, term.property, term.time_aspct, term.system, term.scale_typ, term.method_typ)
        found.append(
            BlindHit(
                loinc_num=term.loinc_num,
                name=name.main,
                lang=name.lang,
                axes=" · ".join(axis for axis in axes if axis),
                compare_url=f"{here}?{kept}choix={term.loinc_num}#comparaison",
                is_column=term.loinc_num in present,
            )
        )
    return found


def reconciliation_page(
    session: Session,
    settings: Settings,
    access: CatalogueAccess,
    local_test_id: int,
    *,
    problem: str = "",
    form: dict[str, str] | None = None,
) -> ReconciliationPage:
    """Two readings of a row that differ; ConflictError when nothing is to be reconciled there."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    if test is None:
        raise NotFoundError(NO_SUCH_ROW)
    found = queue_sql.disagreements(session, access.catalogue_id, local_test_id)
    if not found:
        raise ConflictError(NO_DISAGREEMENT)
    item = found[0]
    names = repository.names_of(session, [item.first.author_id, item.second.author_id])
    codes = tuple(code for code in (item.first.loinc_num, item.second.loinc_num) if code)
    runs = runs_of(session, access.catalogue_id)
    case = build_case(session, settings, access, local_test_id, runs, Asked(ReviewQuery(), codes=codes))
    here = reconciliation_url(access.catalogue_id, local_test_id)
    return ReconciliationPage(
        title=f"Conciliation — {test.code} {test.label}",
        catalogue=access.catalogue,
        test=test,
        status=STATUS[Status(case.status_key)],
        is_approved=case.status_key == Status.APPROVED,
        since=_since(item, case),
        case=case,
        sides=[_side("Première lecture", item.first, names), _side("Deuxième lecture", item.second, names)],
        columns=[
            next((column for column in case.candidates if code and column.loinc_num == code), None)
            for code in (item.first.loinc_num, item.second.loinc_num)
        ],
        version=item.version,
        reading=item.second.public_id,
        address=here,
        list_url=base_of(access.catalogue_id),
        case_url=case_url(access.catalogue_id, local_test_id, ReviewQuery()),
        refusal=why_not(session, access, item),
        relations=[(relation.value, RELATION[relation]) for relation in Relation],
        problem=problem,
        form=form or {},
    )


def _since(item: Disagreement, case: CaseView) -> str:
    """What became of the first reader's decision, which ends no disagreement; empty while it is in force."""
    if item.decision_id == item.first.id:
        return ""
    if item.decision_id is None:
        return "La décision de la première lecture a été annulée depuis."
    said = case.decision or "un doute"
    return f"Depuis la première lecture, {case.decided_by} a répondu : {said}."


def _side(title: str, said: Decision | SecondReading, names: dict[int, str]) -> ReadingSide:
    return ReadingSide(
        title=title,
        author=names.get(said.author_id, f"n° {said.author_id}"),
        role=ROLE.get(Role(said.author_role), said.author_role),
        at=said.created_at,
        answer=ANSWERS[Action(said.action)],
        loinc_num=said.loinc_num,
        relation=RELATION_SHORT[Relation(said.relation)] if said.relation else "",
        reason=said.reason,
        comment=said.comment,
        justification=said.justification,
        can_be_kept=said.action != Action.DOUBT,
    )


def kept_side(found: Disagreement, word: str) -> Decision | SecondReading | None:
    """The reading that a form keeps; None when it gives another answer."""
    if word == "premiere":
        return found.first
    return found.second if word == "deuxieme" else None


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
    said = f"{name}{f' et {second_name}' if second_name else ''} : {format_percent(found.raw)} d’accord"
    return AgreementLine(
        name=name,
        second_name=second_name,
        readings=found.readings,
        agreed=found.agreed,
        doubts=found.doubts,
        raw=found.raw,
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
