"""What columns tell of an earlier transcoding of their rows, and the headings by which they say it."""

from app.files.field_info import FieldInfo, field_of

EARLIER: tuple[FieldInfo, ...] = (
    field_of(
        "earlier_code",
        "Code LOINC antérieur",
        """
        code loinc, loinc, code loinc approuve, code loinc analyse, code loinc examen, code loinc chapitre, loinc num,
        loinc code, n loinc, no loinc, numero loinc, num loinc, codes loinc, code loinc retenu, code loinc valide,
        loincnum, targetconceptcode, target concept code, target code, code cible
        """,
        r"^(?!.*\b(libelles?|noms?|name|label|version|date|relation|equivalence|commentaire|comment|statut|status|axe|"
        r"etat|motif|remarque|classe?|unite|url|score|rang|confiance|fsn|lcn|component|system|property|scale|method)\b)"
        r"(?!.*\bsous chapitre\b).*\bloinc\b",
    ),
    field_of(
        "earlier_subchapter_code",
        "Code LOINC antérieur du sous-chapitre",
        """
        code loinc sous chapitre
        """,
    ),
    field_of(
        "earlier_alternate_code",
        "Code LOINC antérieur non approuvé",
        """
        code decide non approuve, code loinc propose, code loinc non approuve
        """,
    ),
    field_of(
        "earlier_name",
        "Nom LOINC antérieur",
        """
        nom loinc, libelle loinc, libelle loinc analyse, libelle loinc examen, libelle loinc chapitre,
        libelle loinc sous chapitre, loinc long common name, long common name, intitule loinc
        """,
    ),
    field_of(
        "earlier_relation",
        "Relation du transcodage antérieur",
        """
        relation, relation loinc, equivalence, type de relation, relation au code loinc, relationship, predicate id
        """,
    ),
    field_of(
        "earlier_status",
        "Statut du transcodage antérieur",
        """
        statut, statut loinc, statut du transcodage, statut transcodage, statut mapping, statut du mapping, status,
        mapping status, mappingstatus, etat, etat du transcodage, etat transcodage, validation, validation loinc,
        valide, approuve, predicate modifier, avis, statut code loinc, statut du code loinc, statut de validation
        """,
        r"\b(statut|status|etat)\b.*\b(loinc|transco\w*|mapping|codage|correspondance)\b",
    ),
    field_of(
        "earlier_reason",
        "Motif du transcodage antérieur",
        """
        sans code motif, motif, motif sans code, raison, motif de non transcodage
        """,
    ),
    field_of(
        "earlier_comment",
        "Commentaire du transcodage antérieur",
        """
        commentaire, commentaires, commentaire loinc, commentaire transcodage, remarque, remarques, comment
        """,
    ),
    field_of(
        "earlier_author",
        "Auteur du transcodage antérieur",
        """
        decide par, approuve par, valide par, auteur, auteur du transcodage, transcode par, transcodeur, author,
        statussetby, mapped by, reviewed by, valideur, validateur
        """,
    ),
    field_of(
        "earlier_date",
        "Date du transcodage antérieur",
        """
        decide le, approuve le, valide le, date du transcodage, date transcodage, transcode le, date loinc,
        date de validation, date validation, statusseton, mapping date, date valid, date d approbation,
        date approbation, date de decision, date decision, date, dates, date de codage, approved on, reviewed on
        """,
        r"\bdate\b.*\b(approbation|validation|decision|transco\w*|loinc|mapping|codage)\b",
    ),
)

EARLIER_FIELDS = tuple(field.name for field in EARLIER)
"""What a file tells of an earlier transcoding of its rows."""
EARLIER_CODES = ("earlier_code", "earlier_subchapter_code", "earlier_alternate_code")
"""Without a column of one of these, the others speak of something else."""
