"""Facts against their chains, and states against facts: what `verify-audit` and `doctor` say."""

from collections.abc import Sequence

from sqlmodel import Session

from app.audit.heads import Head, chain_name, laboratory_names
from app.audit.verification import Finding, Verdict, verify
from app.models import edited_terms, public_identifiers
from app.models.append_only import APPEND_ONLY_TABLES, missing_triggers, trigger_statements
from app.models.chained import CHAINED_TABLES, noting_statements, unnoted_tables
from app.models.triggers import foreign_mechanisms
from app.text import counted
from app.transcoding.state_check import forged_states
from app.upkeep.derived_check import changed_words, forged_rights
from app.upkeep.health import Check

BLIND = (
    "Sans têtes gardées ailleurs (--head), cette vérification ne voit pas une chaîne entière recalculée, "
    "ni sa fin coupée avec sa tête, par qui possède la base."
)
ADDED = "Aucune tête ne dit les faits que le propriétaire de la base aurait ajoutés à la suite, avec leurs maillons."
BEFORE = "Les faits plus anciens que la chaîne ({}) sont tels qu'à leur scellement ; d'avant, elle ne dit rien."


def audit(session: Session, kept: Sequence[Head] = ()) -> Verdict:
    """Everything that is not as it was written, with the states and rights that no fact led to and the protections that
    miss."""
    verdict = verify(session, kept)
    names = laboratory_names(session)
    for state in forged_states(session):
        said = (
            f"review_state de la ligne n° {state.local_test_id} (catalogue n° {state.catalogue_id}, "
            f"{chain_name(state.laboratory_id, names)}) : "
            f"état que ses décisions ne donnent pas ({', '.join(state.fields)})"
        )
        verdict.findings.append(
            Finding("forged_state", said, chain_name(state.laboratory_id, names), "review_state", state.local_test_id)
        )
    verdict.findings += changed_words(session, names)
    verdict.findings += forged_rights(session, names)
    connection = session.connection()
    missing = [
        *missing_triggers(connection),
        *(f"tr_{table}_noted" for table in unnoted_tables(connection)),
        *map(public_identifiers.trigger_name, public_identifiers.unprotected_tables(connection)),
    ]
    verdict.findings += [
        Finding("protection", f"La protection « {name} » manque ou a changé", table=name.removeprefix("tr_"))
        for name in missing
    ]
    verdict.findings += [
        Finding("protection", f"Un mécanisme étranger agit dans la base : {what}")
        for what in foreign_mechanisms(connection, _own_triggers(connection.dialect.name))
    ]
    return verdict


def _own_triggers(dialect: str) -> list[str]:
    """Every trigger that this version makes."""
    return [
        *(sql for table in APPEND_ONLY_TABLES for sql in trigger_statements(table, dialect)),
        *(sql for table in CHAINED_TABLES for sql in noting_statements(table, dialect)),
        *(
            sql
            for table in public_identifiers.IDENTIFIED
            for sql in public_identifiers.trigger_statements(table, dialect)
        ),
        *edited_terms.STATEMENTS[dialect],
    ]


def chain_check(session: Session) -> Check:
    """The line of `doctor`."""
    verdict = audit(session)
    # Missing protections have a line of their own.
    found = [item for item in verdict.findings if item.kind != "protection"]
    if found:
        told = " ; ".join(item.sentence for item in found[:3])
        said = f"{counted(len(found), 'anomalie', 'anomalies')} ({told}) ; tout est dit par : transcodeur verify-audit"
        return Check("chaîne d'audit", False, said)
    return Check(
        "chaîne d'audit",
        True,
        f"{counted(verdict.facts, 'fait', 'faits')} tels qu'écrits, {counted(verdict.links, 'maillon', 'maillons')} ; "
        "à comparer aux têtes gardées ailleurs (verify-audit --head)",
    )
