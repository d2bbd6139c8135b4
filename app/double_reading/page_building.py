"""From what was read to the contexts of the pages of the double reading."""

from collections.abc import Sequence
from dataclasses import fields, replace

from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.cases.assembly import build_case
from app.cases.searching import MOST, Asked
from app.cases.view import CaseView, Links
from app.double_reading import queue_sql
from app.double_reading.pages import (
    BlindHit,
    BlindPage,
    ListedRow,
    OverviewPage,
)
from app.double_reading.service import NOT_ASKED, OWN_ROW, may_reconcile
from app.errors import ConflictError, NotAllowedError, NotFoundError
from app.models import CONTRIBUTORS, Action, Decision, Level, LocalTest, SecondReading, Status
from app.platform.identity import CatalogueAccess
from app.settings import Settings
from app.terminology.naming import name_of
from app.terminology.service import current_release, search
from app.transcoding import repository
from app.transcoding.readers import hidden_from
from app.transcoding.repository import runs_of
from app.web.wording import LEVEL, STATUS
from app.worklist.query import ReviewQuery

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
    hidden = hidden_from(session, access, [item.test.id or 0 for item in found])
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
            if item.test.id not in hidden
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
