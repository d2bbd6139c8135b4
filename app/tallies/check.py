"""Whether entries and counts say what the facts say. Nothing here writes."""

from sqlmodel import Session

from app.tallies import computing, findings, marks, repository
from app.tallies.counting import counts_of


def wrong_catalogues(session: Session) -> dict[int, list[str]]:
    """Catalogue -> what is kept of it and differs from its facts; catalogues that are right are left out.

    So are those that are being brought up (`marks.marked`), which are known to differ.
    """
    found: dict[int, list[str]] = {}
    under_way = set(marks.marked(session))
    for catalogue_id in repository.all_catalogues(session):
        if catalogue_id in under_way:
            continue
        stored = repository.stored(session, catalogue_id)
        computed = computing.whole_catalogue(session, catalogue_id)
        wrong = [f"ligne {row_id}" for row_id in sorted(stored.keys() ^ computed.keys())]
        wrong += [
            f"ligne {row_id} : {', '.join(name for name in computing.COLUMNS if stored[row_id][name] != entry[name])}"
            for row_id, entry in computed.items()
            if row_id in stored and not computing.same(stored[row_id], entry)
        ]
        warnings = findings.computed(session, catalogue_id)
        differing = findings.differing(session, catalogue_id, warnings)
        wrong += [f"avertissement {kind} {subject}" for kind, subject in differing]
        warned = findings.counts_of(warnings.values())
        counted, kept = counts_of(computed.values()) | warned, repository.counts(session, catalogue_id)
        miscounted = (key for key in counted.keys() | kept.keys() if counted.get(key) != kept.get(key))
        wrong += [f"compte {family} {key}" for family, key in sorted(miscounted)]
        if wrong:
            found[catalogue_id] = wrong
    return found
