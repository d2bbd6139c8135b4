"""Which tables an archive carries, and of the others why not: every table of the models is in one of the two lists."""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import JSON, Column, LargeBinary, Table

from app.models import metadata
from app.models.chained import CHAINED_TABLES, path_to_laboratory

CARRIED = (
    "laboratory", "catalogue", "source_file", "source_row", "local_test", "exam_analysis", "catalogue_change",
    "proposal_run", "proposal", "decision",
    "assignment", "assigned_row", "batch", "batch_row", "batch_answer",
    "reading_share", "reading_request", "second_reading", "reading_reconciliation",
    "consistency_answer", "review_task", "sign_off", "sign_off_withdrawal", "export_record",
    "earlier_statement", "memory_entry", "mapping_withdrawal",
    "catalogue_habits", "import_profile", "method_rule", "laboratory_deadline",
    "effective_run", "effective_count", "effective_cluster", "effective_withdrawal",
    "code_request_step", "waiting_code_rule",
    "audit_event", "erasure", "imported_archive",
)  # fmt: skip
"""The tables of which an archive holds the rows of its laboratory, those that others refer to first."""

NOT_CARRIED: Mapping[str, str] = {
    "api_token": "un secret : le droit d’un programme de lire cette installation",
    "case_claim": "oublié après quelques minutes",
    "catalogue_count": "recompté à l’arrivée à partir des faits",
    "catalogue_tally": "travail en cours de cette installation",
    "chain_head": "dite par le dernier maillon de la chaîne, que l’archive porte",
    "chain_link": "la chaîne elle-même : le dossier chaine/ la porte, maillon par maillon",
    "closed_laboratory": "ce qui reste ici d’un autre laboratoire",
    "consistency_finding": "retrouvé à l’arrivée à partir des faits",
    "coverage_day": "recompté à l’arrivée à partir des faits",
    "coverage_definition": "de toute l’installation : contexte/definitions.jsonl les donne à lire",
    "grace_date": "de toute l’installation : contexte/contexte.json dit ce qui valait, et depuis quand",
    "job": "travail à faire ou fait par cette installation, et non un fait",
    "job_chunk": "partie d’un travail",
    "job_plan": "partie d’un travail",
    "job_turn": "tour d’un laboratoire dans la file de cette installation",
    "known_device": "un secret : témoin d’un navigateur",
    "loinc_axis_value": "partie d’une version de LOINC, qui ne voyage pas",
    "loinc_french_name": "partie d’une version de LOINC, qui ne voyage pas",
    "loinc_map_to": "partie d’une version de LOINC, qui ne voyage pas",
    "loinc_panel_member": "partie d’une version de LOINC, qui ne voyage pas",
    "loinc_release": "nommée par son empreinte (contexte/contexte.json) ; son contenu ne voyage pas",
    "loinc_term": "partie d’une version de LOINC, qui ne voyage pas",
    "loinc_term_text": "partie d’une version de LOINC, qui ne voyage pas",
    "membership": "un droit dans cette installation ; les rôles tenus sont à lire dans contexte/personnes.csv",
    "nabm_alignment": "partie d’une liste, qui ne voyage pas",
    "one_time_link": "un secret : lien d’ouverture d’un compte",
    "provider_answer": "oubliée après une heure",
    "provider_identity": "identité d’une personne chez le fournisseur de cette installation",
    "recovery_code": "un secret : second facteur d’un compte",
    "review_state": "dérivé à l’arrivée des décisions de chaque ligne",
    "security_key": "un secret : second facteur d’un compte",
    "sign_in_attempt": "gardée un jour, d’un compte de cette installation",
    "stored_file": "copie faite pour un téléchargement, qui expire : l’export se refait à l’identique",
    "stored_file_chunk": "partie d’une telle copie",
    "tally_rule": "état des comptes de cette installation",
    "text_salt": "les sels des textes : le dossier chaine/ les porte",
    "totp_secret": "un secret : second facteur d’un compte",
    "upload_draft": "import non confirmé : il disparaît",
    "upload_draft_file": "import non confirmé : il disparaît",
    "user_account": "les personnes voyagent par leur nom et leur adresse (contexte/personnes.csv), sans compte",
    "user_session": "un secret : session d’un navigateur",
    "value_set": "nommée par son empreinte (contexte/contexte.json) ; son contenu ne voyage pas",
    "value_set_member": "partie d’une liste, qui ne voyage pas",
    "worklist_entry": "recalculé à l’arrivée à partir des faits",
}
"""The other tables, and why the rows of a laboratory stay."""

PEOPLE, RELEASES = "user_account", "loinc_release"
"""What rows refer to by numbers that the context of an archive explains."""
BYTES = {"source_file": "recus", "sign_off": "signatures"}
"""Table → the folder of the archive in which the bytes of its `content` stand, one file a row."""


def table_of(name: str) -> Table:
    """A carried table."""
    return metadata.tables[name]


@cache
def key_of(name: str) -> Column[object]:
    """The only column of the key of a table; every carried table has one, a number."""
    (key,) = table_of(name).primary_key.columns
    return key


@cache
def written_columns(name: str) -> tuple[Column[object], ...]:
    """The columns of a table that its file holds; bytes stand in files of their own."""
    return tuple(column for column in table_of(name).columns if not isinstance(column.type, LargeBinary))


@cache
def is_nested(name: str) -> bool:
    """Whether a table has values that no cell of a spreadsheet holds: its file is of JSON lines."""
    return any(isinstance(column.type, JSON) for column in table_of(name).columns)


def file_of(name: str) -> str:
    """The file of a table in an archive."""
    return f"donnees/{name}.{'jsonl' if is_nested(name) else 'csv'}"


def schema_of(name: str) -> str:
    """The JSON Schema of the file of a table."""
    return f"schemas/{name}.schema.json"


@cache
def references(name: str) -> Mapping[str, str]:
    """Column → the table to which its numbers lead, for every column of a table that holds numbers of rows."""
    found = {
        column.name: foreign.column.table.name
        for column in table_of(name).columns for foreign in column.foreign_keys
    }  # fmt: skip
    return found | ({"after_decision_id": "decision"} if name == "review_task" else {})


@cache
def way_to_catalogue(name: str) -> str:
    """The column of a table by which a row is in a catalogue: `catalogue_id`, or one that leads to a row that is."""
    table = table_of(name)
    if "catalogue_id" in table.columns:
        return "catalogue_id"
    return next((column.name for column in path_to_laboratory(table)[:1] if column.name != "laboratory_id"), "")


CHAINED_AND_CARRIED = tuple(name for name in CARRIED if name in CHAINED_TABLES)
