"""What the columns of a catalogue can say of an earlier transcoding of its rows."""

from app.files.field_info import FieldInfo, field_info

EARLIER: tuple[FieldInfo, ...] = (
    field_info(
        "earlier_code",
        "Code LOINC antérieur",
        """
        code loinc, loinc, code loinc approuve, code loinc analyse, code loinc examen, code loinc chapitre, loinc num,
        loinc code, n loinc, no loinc, numero loinc, num loinc, codes loinc
        """,
        r"^(?!.*\b(libelle|nom|name|label|version|date|relation|equivalence|commentaire|comment|statut|status|axe)\b)"
        r"(?!.*\bsous chapitre\b).*\bloinc\b",
    ),
    field_info(
        "earlier_subchapter_code",
        "Code LOINC antérieur du sous-chapitre",
        """
        code loinc sous chapitre
        """,
    ),
    field_info(
        "earlier_alternate_code",
        "Code LOINC antérieur non approuvé",
        """
        code decide non approuve, code loinc propose, code loinc non approuve
        """,
    ),
    field_info(
        "earlier_name",
        "Nom LOINC antérieur",
        """
        nom loinc, libelle loinc, libelle loinc analyse, libelle loinc examen, libelle loinc chapitre,
        libelle loinc sous chapitre, loinc long common name, long common name, intitule loinc
        """,
    ),
    field_info(
        "earlier_relation",
        "Relation du transcodage antérieur",
        """
        relation, relation loinc, equivalence, type de relation, relation au code loinc
        """,
    ),
    field_info(
        "earlier_reason",
        "Motif du transcodage antérieur",
        """
        sans code motif, motif, motif sans code, raison, motif de non transcodage
        """,
    ),
    field_info(
        "earlier_comment",
        "Commentaire du transcodage antérieur",
        """
        commentaire, commentaires, commentaire loinc, commentaire transcodage, remarque, remarques, comment
        """,
    ),
    field_info(
        "earlier_author",
        "Auteur du transcodage antérieur",
        """
        decide par, approuve par, valide par, auteur, auteur du transcodage, transcode par, transcodeur
        """,
    ),
    field_info(
        "earlier_date",
        "Date du transcodage antérieur",
        """
        decide le, approuve le, valide le, date du transcodage, date transcodage, transcode le, date loinc
        """,
    ),
)

EARLIER_FIELDS = tuple(field.name for field in EARLIER)
"""What a file tells of an earlier transcoding of its rows."""
EARLIER_CODES = ("earlier_code", "earlier_subchapter_code", "earlier_alternate_code")
"""Without a column of one of these, the others speak of something else."""
