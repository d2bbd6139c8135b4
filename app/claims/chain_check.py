"""The part of the audit chain that a pack carries, verified without a database."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.audit.heads import Head, chain_name
from app.claims.chain_files import (
    FACTS,
    HEADS,
    LINKS,
    PROVEN,
    RUN_TABLES,
    SALT_COLUMNS,
    SALTS,
    fact_name,
    heads_file,
)
from app.claims.past_facts import moment_of
from app.claims.reading_facts import Facts, FactsError, Row, read_csv
from app.platform.chain_digests import BEGINNING, canonical, commitment, is_empty, read_members

LONGEST_LINE = 8 << 20
_LINK_NAMES = ["chain", "column_names", "kind", "linked_at", "members", "position", "previous_hash", "table_name"]
_WORDS = {"reason": "reason", "comment": "comment", "justification": "justification"}
_SAME: dict[str, tuple[str, str, dict[str, str], dict[str, str]]] = {
    "decision": ("decisions", "fact", {
        "action": "action", "loinc_num": "loinc_num", "relation": "relation", "author_role": "author_role",
        "at": "created_at",
    }, _WORDS),
    "catalogue_change": ("changes", "fact", {
        "at": "created_at", "kind": "kind", "field": "field", "is_substantive": "is_substantive",
    }, {"old": "old", "new": "new"}),
    "reading_request": ("readings", "request", {"asked_at": "created_at"}, {}),
    "second_reading": ("readings", "reading", {
        "read_at": "created_at", "action": "action", "loinc_num": "loinc_num", "relation": "relation",
        "is_agreement": "is_agreement",
    }, _WORDS),
    "reading_reconciliation": ("reconciliations", "fact", {"at": "created_at"}, {"reason": "reason"}),
    "sign_off": ("signatures", "signature", {
        "version": "version", "signed_at": "signed_at", "rpps": "rpps", "finess_ej": "finess_ej",
        "finess_et": "finess_et", "proof": "proof", "release": "release_version", "content_sha256": "content_sha256",
        "mapping_sha256": "mapping_sha256",
    }, {"name": "signer_name", "title": "title", "sentence": "sentence"}),
    "effective_run": ("effective_run", "run", {
        "measured_at": "created_at", "period_from": "period_from", "period_to": "period_to",
        "release_version": "release_version", "release_sha256": "release_hash", "has_circuit": "has_circuit",
        "circuit_version": "circuit_version", "circuit_sha256": "circuit_hash", "files": "files",
        "reports": "reports", "level1_reports": "level1_reports", "deleted_reports": "deleted_reports",
        "damaged": "damaged", "results": "results", "effective": "effective",
        "by_loinc_alone": "by_loinc_alone", "local_codes": "local_codes",
        "effective_local_codes": "effective_local_codes",
    }, {}),
    "effective_count": ("effective_counts", "", {
        "loinc_codes": "loinc_codes", "unit": "unit", "section": "section", "approved_codes": "approved_codes",
        "findings": "findings", "repair": "repair", "results": "results", "reports": "reports",
    }, {"local_code": "local_code", "chapter": "chapter"}),
    "effective_cluster": ("effective_clusters", "", {
        "results": "results", "effective": "effective", "reports": "reports",
    }, {"domain": "domain"}),
}  # fmt: skip
"""Table of the chain -> the file that tells its facts, that of identifiers, heading -> column, the same of texts.

Facts without identifier are told in the order in which they were kept, which is that of the chain.
"""
_WITHDRAWN = ({"withdrawn_at": "created_at"}, {"withdrawal_reason": "reason"})
"""What a withdrawal says, in the line of the signature that it takes back."""


def strict_json(text: str | bytes) -> Any:
    """A JSON value without NaN, without infinity, and no deeper than ours; raises ValueError."""

    def refuse(word: str) -> Any:
        raise ValueError(f"« {word} » n'est pas du JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("des éléments imbriqués sans fin") from error


def lines_of(content: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """The numbered lines of a file, without their ends."""
    if content and not content.endswith(b"\n"):
        raise FactsError(f"{name} : la dernière ligne n'est pas finie")
    start, number = 0, 0
    while start < len(content):
        end = content.index(b"\n", start)
        number += 1
        if end - start > LONGEST_LINE:
            raise FactsError(f"{name}, ligne {number} : ligne trop longue")
        yield number, content[start:end]
        start = end + 1


def check_chain(contents: Mapping[str, bytes], facts: Facts) -> Head | None:
    """The head to which the links lead; raises FactsError at the first link or fact that does not hold."""
    digests: dict[str, dict[str, Mapping[str, str]]] = {table: {} for table in PROVEN + RUN_TABLES}
    position, before, chain = 0, BEGINNING, None
    for number, line in lines_of(contents[LINKS], LINKS):
        where = f"{LINKS}, ligne {number}"
        link = _link(line, where)
        if link["previous_hash"] != before or link["position"] != position + 1 or chain not in (None, link["chain"]):
            raise FactsError(f"{where} : ce maillon ne suit pas celui d'avant")
        position, before, chain = position + 1, hashlib.sha256(line).hexdigest(), link["chain"]
        if link["table_name"] in digests:
            try:
                members = read_members(link["members"])
            except ValueError as error:
                raise FactsError(f"{where} : ce que ce maillon contient ne peut être lu") from error
            digests[link["table_name"]] |= {member.digest: member.commitments for member in members}
    name = chain_name(chain, {chain: facts.state["laboratory"]}) if chain is not None else ""
    head = Head(chain, name, position, before) if chain is not None else None
    if facts.state["chain_head"] != (head.sentence if head else ""):
        raise FactsError(f"{LINKS} : les maillons ne mènent pas à la tête que donne faits/state.csv")
    if contents[HEADS] != heads_file(head, moment_of(facts.now)):
        raise FactsError(f"{HEADS} : ce n'est pas la tête à laquelle mènent les maillons, à l'heure de l'état")
    _check_facts(contents, facts, digests)
    return head


def _link(line: bytes, where: str) -> dict[str, Any]:
    try:
        link = strict_json(line)
        is_ours = isinstance(link, dict) and sorted(link) == _LINK_NAMES and canonical(link).encode() == line
    except ValueError:
        is_ours = False
    if not is_ours or not isinstance(link["members"], str) or not isinstance(link["chain"], int):
        raise FactsError(f"{where} : ce n'est pas un maillon")
    found: dict[str, Any] = link
    return found


def _check_facts(
    contents: Mapping[str, bytes], facts: Facts, digests: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> None:
    salts: dict[str, dict[str, str]] = {}
    for line in read_csv(SALTS, contents[SALTS], SALT_COLUMNS):
        salts.setdefault(line["fact"], {})[line["column"]] = line["salt"]
    told = {table: _told(getattr(facts, file), key) for table, (file, key, _, _) in _SAME.items()}
    run, places = 0, dict.fromkeys(RUN_TABLES, 1)
    signed: dict[int, Row] = {}
    withdrawn = {line["signature"] for line in facts.signatures if line["withdrawn_at"] or line["withdrawal_reason"]}
    for number, raw in lines_of(contents[FACTS], FACTS):
        where = f"{FACTS}, ligne {number}"
        try:
            fact = strict_json(raw)
            table, fixed, texts = fact["table"], fact["fixed"], fact["texts"]
            if table == "sign_off_withdrawal":
                line = signed[fixed["sign_off_id"]]
                withdrawn.remove(line["signature"])
            else:
                if not _SAME[table][1]:
                    places[table] += 1
                line = told[table].pop(fixed["public_id"] if _SAME[table][1] else _place(places[table]))
        except (ValueError, KeyError, TypeError) as error:
            raise FactsError(f"{where} : ce fait n'est pas parmi ceux de faits/, ou y est déjà prouvé") from error
        linked = digests[table].get(hashlib.sha256(raw).hexdigest())
        if linked is None or dict(linked) != texts:
            raise FactsError(f"{where} : aucun maillon de la chaîne ne contient ce fait tel quel")
        if table == "sign_off":
            signed[fixed["id"]] = line
        if table == "effective_run":
            run = fixed["id"]
        elif table in RUN_TABLES and fixed["run_id"] != run:
            raise FactsError(f"{where} : ce fait n'est pas de la mesure du dossier")
        _compare(table, line, fixed, texts, salts.pop(fact_name(table, fixed), {}))
    for table, rest in told.items():
        for identifier in rest:
            raise FactsError(f"faits/{_SAME[table][0]}.csv : le fait {identifier} n'est prouvé par aucun maillon")
    for identifier in withdrawn:
        raise FactsError(f"faits/signatures.csv : le retrait de {identifier} n'est prouvé par aucun maillon")
    if salts:
        raise FactsError(f"{SALTS} : un sel n'est celui d'aucun fait")


def _told(lines: Sequence[Row], key: str) -> dict[str, Row]:
    """The lines by identifier; by their place, from 2, where they have none."""
    if not key:
        return {_place(number): line for number, line in enumerate(lines, start=2)}
    return {line[key]: line for line in lines if line[key]}


def _place(number: int) -> str:
    return f"de la ligne {number}"


def _compare(
    table: str, line: Row, fixed: Mapping[str, Any], texts: Mapping[str, str], salts: Mapping[str, str]
) -> None:
    file, key, same, written = _SAME["sign_off" if table == "sign_off_withdrawal" else table]
    if table == "sign_off_withdrawal":
        same, written = _WITHDRAWN
    where = f"faits/{file}.csv, fait {line[key]}" if key else f"faits/{file}.csv, fait {fixed['id']}"
    for heading, column in same.items():
        value = fixed.get(column)
        text = ("oui" if value else "non") if isinstance(value, bool) else value
        if (str(text) if type(text) is int else text or "") != line[heading]:
            raise FactsError(f"{where} : « {heading} » n'est pas ce que dit la chaîne d'audit")
    for name, column in written.items():
        if column not in texts:
            holds = is_empty(line[name])
        elif column in salts:
            holds = _is_salt(salts[column]) and commitment(salts[column], line[name]) == texts[column]
        else:
            # Its salt went with it: an erased text says nothing any more.
            holds = line[name] == ""
        if not holds:
            raise FactsError(f"{where} : « {name} » n'est pas le texte auquel la chaîne d'audit s'engage")


def _is_salt(text: str) -> bool:
    return len(text) == 32 and all(sign in "0123456789abcdef" for sign in text)
