"""What a column of a catalogue can mean, and the headings by which laboratories name it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A meaning that a column may have."""

    name: str
    label: str
    """As the user reads it when she maps columns."""
    headings: tuple[str, ...] = ()
    """Folded headings that say exactly this."""
    pattern: str = ""
    """Folded headings that contain this probably say it; tried when no exact heading is found."""


def _field(name: str, label: str, headings: str, pattern: str = "") -> FieldInfo:
    return FieldInfo(name, label, tuple(" ".join(heading.split()) for heading in headings.split(",")), pattern)


FIELDS: tuple[FieldInfo, ...] = (
    _field(
        "code",
        "Code de l'analyse",
        """
        code analyse, code, code local, code test, code examen, code resultat, code interne, code
        sgl, code sil, code labo, code laboratoire, code parametre, code dosage, code acte,
        mnemonique, mnemo, identifiant, id, id analyse, reference, ref, abreviation, code de l
        analyse, code de l examen, codeanalyse, code ana, n analyse, numero analyse, no analyse,
        cle
        """,
        r"^code "
        r"(?!.*\b(nabm|ngap|ccam|loinc|unite|milieu|specimen|chapitre|famille|tube|technique|hprim|postal)\b)",
    ),
    _field(
        "alternate_code",
        "Code de repli (si vide)",
        """
        autre code, code secondaire, code 2, ancien code, autre code local, code bis
        """,
    ),
    _field(
        "label",
        "Libellé de l'analyse",
        """
        libelle analyse, libelle, libelle examen, libelle resultat, libelle long, libelle complet,
        libelle test, designation, intitule, nom analyse, nom de l analyse, nom examen, nom de l
        examen, nom du test, nom test, analyse, examen, test, parametre, dosage, label, nom,
        denomination, description, libelle de l analyse, libelle de l examen, analyses, examens,
        libelle du parametre
        """,
        r"^(libelle|intitule|designation|nom) "
        r"(?!.*\b(unite|milieu|specimen|chapitre|famille|technique|laboratoire|court|sous|loinc)\b)",
    ),
    _field(
        "synonym",
        "Synonyme",
        """
        synonyme, synonymes, libelle court, libelle reduit, libelle abrege, autre libelle, autres
        noms, alias, mots cles, mot cle, nom court, autre nom, libelle secondaire
        """,
        r"synonym|mots? cles?|abrege",
    ),
    _field(
        "property_kind",
        "Grandeur",
        """
        grandeur, type de grandeur, propriete
        """,
        r"\bgrandeur\b",
    ),
    _field(
        "unit_code",
        "Code de l'unité",
        """
        code unite principale, code unite, code de l unite
        """,
        r"\bcode\b.*\bunites?\b",
    ),
    _field(
        "unit",
        "Unité",
        """
        libelle unite principale, unite, unites, unite principale, libelle unite, unite de mesure,
        unit, unite de ref, unite de reference, unite si, unite de resultat, unites de mesure,
        unite rendu
        """,
        r"\bunites?\b",
    ),
    _field(
        "reference_range",
        "Valeurs de référence",
        """
        valeur de ref, valeurs de ref, valeur de reference, valeurs de reference, intervalle de reference,
        intervalles de reference, valeurs usuelles, valeur usuelle, valeurs normales, normes, norme, vn, vr,
        bornes, normales
        """,
        r"\b(valeurs? (de )?(ref|usuelle|normale)|normes?|intervalles?)",
    ),
    _field(
        "timing",
        "Temporalité",
        """
        temporalite pt 24h, temporalite, temps, duree de recueil, pt 24h
        """,
        r"temporalit",
    ),
    _field(
        "specimen_code",
        "Code du milieu",
        """
        code milieu, code specimen, code prelevement, code echantillon, code nature
        """,
        r"\bcode\b.*\b(milieu|specimen|echantillon|prelevement)\b",
    ),
    _field(
        "specimen",
        "Milieu",
        """
        libelle milieu, milieu, specimen, nature, nature de l echantillon, nature echantillon,
        echantillon, prelevement, type de prelevement, milieu biologique, nature du prelevement,
        nature de prelevement, type d echantillon, matrice, type echantillon, fluide, liquide,
        type prelevement
        """,
        r"\b(milieu|specimen|matrice|nature|echantillon)\b",
    ),
    _field(
        "scale",
        "Échelle",
        """
        echelle qn ord, echelle, type de resultat, type resultat, format resultat, format de
        resultat
        """,
        r"\bechelle\b",
    ),
    _field(
        "technique",
        "Technique",
        """
        technique, methode, technique de dosage, methode de dosage, principe de la methode,
        principe, methode d analyse, methode analytique, libelle technique, libelle methode
        """,
        r"\b(technique|methode)\b",
    ),
    _field(
        "nabm",
        "Codes NABM ou mention HN",
        """
        codes nabm ou mention hn, code nabm, codes nabm, nabm, ref nabm, cotation nabm, nabm hn,
        acte nabm
        """,
        r"\bnabm\b",
    ),
    _field(
        "chapter_code",
        "Code du chapitre",
        """
        code chapitre, code famille, code discipline, code specialite
        """,
    ),
    _field(
        "chapter",
        "Chapitre",
        """
        libelle chapitre, chapitre, famille, discipline, specialite, secteur, rubrique, domaine,
        specialite biologique, categorie, libelle famille, section, service, secteur technique
        """,
        r"^(libelle )?(du |de |de la )?(chapitre|famille|discipline|specialite|secteur)\b",
    ),
    _field(
        "subchapter_code",
        "Code du sous-chapitre",
        """
        code sous chapitre, code sous famille, code ss chapitre
        """,
    ),
    _field(
        "subchapter",
        "Sous-chapitre",
        """
        libelle sous chapitre, sous chapitre, sous famille, libelle sous famille, ss chapitre
        """,
    ),
    _field(
        "is_subcontracted",
        "Sous-traité (oui/non)",
        """
        sous traite, sous traitee, sous traitance, examen sous traite, analyse sous traitee,
        externe, st, est sous traite, transmis, examen transmis
        """,
        r"\bsous traite",
    ),
    _field(
        "executing_laboratory",
        "Laboratoire exécutant",
        """
        laboratoire executant, labo executant, sous traitant, laboratoire sous traitant,
        laboratoire, executant, site executant, lieu d execution, laboratoire specialise,
        laboratoire de sous traitance, lieu de realisation, site, plateau
        """,
        r"\b(executant|sous traitant)\b",
    ),
    _field(
        "annual_volume",
        "Volume annuel",
        """
        volume annuel, nombre annuel, nb annuel, activite annuelle, volume, nb an, nombre par an,
        quantite annuelle, frequence annuelle, nb actes
        """,
        r"\bannuel",
    ),
    _field(
        "is_retired",
        "Retiré (oui/non)",
        """
        retire, retiree, obsolete, archive, inactif, desactive, supprime, hors service, perime
        """,
        r"\b(retire|obsolete|inactif|desactive)",
    ),
    _field(
        "earlier_code",
        "Code LOINC antérieur",
        """
        code loinc, loinc, code loinc approuve, code loinc analyse, code loinc examen, code loinc chapitre, loinc num,
        loinc code, n loinc, no loinc, numero loinc, num loinc, codes loinc
        """,
        r"^(?!.*\b(libelle|nom|name|label|version|date|relation|equivalence|commentaire|comment|statut|status|axe)\b)"
        r"(?!.*\bsous chapitre\b).*\bloinc\b",
    ),
    _field(
        "earlier_subchapter_code",
        "Code LOINC antérieur du sous-chapitre",
        """
        code loinc sous chapitre
        """,
    ),
    _field(
        "earlier_alternate_code",
        "Code LOINC antérieur non approuvé",
        """
        code decide non approuve, code loinc propose, code loinc non approuve
        """,
    ),
    _field(
        "earlier_name",
        "Nom LOINC antérieur",
        """
        nom loinc, libelle loinc, libelle loinc analyse, libelle loinc examen, libelle loinc chapitre,
        libelle loinc sous chapitre, loinc long common name, long common name, intitule loinc
        """,
    ),
    _field(
        "earlier_relation",
        "Relation du transcodage antérieur",
        """
        relation, relation loinc, equivalence, type de relation, relation au code loinc
        """,
    ),
    _field(
        "earlier_reason",
        "Motif du transcodage antérieur",
        """
        sans code motif, motif, motif sans code, raison, motif de non transcodage
        """,
    ),
    _field(
        "earlier_comment",
        "Commentaire du transcodage antérieur",
        """
        commentaire, commentaires, commentaire loinc, commentaire transcodage, remarque, remarques, comment
        """,
    ),
    _field(
        "earlier_author",
        "Auteur du transcodage antérieur",
        """
        decide par, approuve par, valide par, auteur, auteur du transcodage, transcode par, transcodeur
        """,
    ),
    _field(
        "earlier_date",
        "Date du transcodage antérieur",
        """
        decide le, approuve le, valide le, date du transcodage, date transcodage, transcode le, date loinc
        """,
    ),
)

EARLIER_FIELDS = tuple(field.name for field in FIELDS if field.name.startswith("earlier_"))
"""What a file tells of an earlier transcoding of its rows."""
EARLIER_CODES = ("earlier_code", "earlier_subchapter_code", "earlier_alternate_code")
"""Without a column of one of these, the others speak of something else."""

FIELD_LABELS = {field.name: field.label for field in FIELDS}


@lru_cache(maxsize=4096)
def fold_heading(text: str) -> str:
    """A heading without case, accents, punctuation nor repeated spaces."""
    flat = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe"))
    flat = "".join(character for character in flat if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", " ", flat.lower()).strip()


CODE_PATTERN = re.compile(next(field.pattern for field in FIELDS if field.name == "code"))
_EXACT = {heading: (field.name, rank) for field in FIELDS for rank, heading in enumerate(field.headings)}
_PATTERNS = [(re.compile(field.pattern), field.name) for field in FIELDS if field.pattern]


def known_fields(cells: Sequence[str]) -> set[str]:
    """The fields that these cells name as headings."""
    return {_EXACT[heading][0] for cell in cells if (heading := fold_heading(cell)) in _EXACT}


def guess_columns(headings: Sequence[str]) -> dict[str, int]:
    """Which column holds which field. The most usual heading of a field wins, then headings that contain it;
    of two equal headings the first column is taken, and the other is left to the user."""
    folded = [fold_heading(heading) for heading in headings]
    chosen: dict[str, tuple[int, int]] = {}
    for column, heading in enumerate(folded):
        if heading not in _EXACT:
            continue
        name, rank = _EXACT[heading]
        if name not in chosen or rank < chosen[name][0]:
            chosen[name] = (rank, column)
    columns = {name: column for name, (_rank, column) in chosen.items()}
    for column, heading in enumerate(folded):
        if not heading or heading in _EXACT or column in columns.values():
            continue
        for pattern, name in _PATTERNS:
            if pattern.search(heading):
                columns.setdefault(name, column)
                break
    return with_earlier_only(columns)


def with_earlier_only(columns: dict[str, int]) -> dict[str, int]:
    """The columns, without those that speak of an earlier transcoding where no column has its codes."""
    if any(name in columns for name in EARLIER_CODES):
        return columns
    return {name: column for name, column in columns.items() if name not in EARLIER_FIELDS}


_CODE, _LABEL = 120, 500
MAX_LENGTHS = {
    "code": _CODE,
    "alternate_code": _CODE,
    "analysis_code": _CODE,
    "label": _LABEL,
    "analysis_label": _LABEL,
    "subchapter": _LABEL,
    "synonym": 500,
    "property_kind": 120,
    "unit_code": 60,
    "unit": 120,
    "timing": 60,
    "specimen_code": 60,
    "specimen": 200,
    "scale": 60,
    "technique": 200,
    "nabm": 200,
    "chapter_code": 60,
    "subchapter_code": 60,
    "chapter": 200,
    "executing_laboratory": 200,
}
"""The most characters of a cell; the columns of the database are as wide."""
