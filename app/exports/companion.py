"""What the exchange files have no place for, beside them in the archive: relations, comments, reasons, people.

Read again by this product, it brings back the whole of an earlier transcoding (`app.earlier`).
"""

import csv
import io

from app.exports.original import guarded
from app.files.kinds import LEVEL_NAMES
from app.models import Level, Status
from app.publication.assessment import Assessment
from app.publication.local_codes import local_codes
from app.publication.wording import relation_text
from app.text import paris_time

HEADINGS = (
    "Niveau", "Code local", "Libellé local", "Code LOINC approuvé", "Relation", "Sans code : motif", "Commentaire",
    "Décidé par", "Décidé le",
)  # fmt: skip


def companion_csv(assessment: Assessment) -> bytes:
    """The approved rows: UTF-8 with BOM, semicolons."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    codes = local_codes(assessment.tests)
    for test in assessment.tests:
        # A sub-chapter of one code in two chapters is named by its path, as in the maps.
        code = codes.get(test.id, "") if test.level is Level.SUBCHAPTER else test.code
        if test.status is not Status.APPROVED:
            continue
        name, reason = assessment.names.get(test.id), assessment.reasons.get(test.id)
        why = [reason.label, test.reason] if reason else []
        writer.writerow(
            guarded(cell)
            for cell in (
                LEVEL_NAMES[test.level], code, test.label, name.loinc_num if name else "",
                relation_text(test.relation) if name else "", " : ".join(text for text in why if text), test.comment,
                test.decided_by, paris_time(test.decided_at),
            )
        )  # fmt: skip
    return buffer.getvalue().encode("utf-8-sig")
