"""What a column of a catalogue can mean, and the headings by which laboratories name it."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from app.files.earlier_fields import EARLIER, EARLIER_CODES, EARLIER_FIELDS
from app.files.field_info import FieldInfo, field_of
from app.files.invisible import without_invisible

FIELDS: tuple[FieldInfo, ...] = (
    field_of(
        "code",
        "Code de l'analyse",
        """
        code analyse, code, code local, code test, code examen, code resultat, code interne, code
        sgl, code sil, code labo, code laboratoire, code parametre, code dosage, code acte,
        mnemonique, mnemo, identifiant, id, id analyse, reference, ref, abreviation, code de l
        analyse, code de l examen, codeanalyse, code ana, n analyse, numero analyse, no analyse,
        cle, local code, test code, localcode, testcode, sourcecode, source code, code source, local test
        code, local id, test id, source concept code, lab code, code local analyse
        """,
        r"^code "
        r"(?!.*\b(nabm|ngap|ccam|loinc|unite|milieu|specimen|chapitre|famille|tube|technique|hprim|postal)\b)",
    ),
    field_of(
        "alternate_code",
        "Code de repli (si vide)",
        """
        autre code, code secondaire, code 2, ancien code, autre code local, code bis
        """,
    ),
    field_of(
        "label",
        "Libellé de l'analyse",
        """
        libelle analyse, libelle, libelle examen, libelle resultat, libelle long, libelle complet,
        libelle test, designation, intitule, nom analyse, nom de l analyse, nom examen, nom de l
        examen, nom du test, nom test, analyse, examen, test, parametre, dosage, label, nom,
        denomination, description, libelle de l analyse, libelle de l examen, analyses, examens,
        libelle du parametre, test name, local name, local label, sourcename, source name, test label,
        libelle local, lib analyse, local text, local description, test description, source code description, nom local
        """,
        r"^(libelle|intitule|designation|nom) "
        r"(?!.*\b(unite|milieu|specimen|chapitre|famille|technique|laboratoire|court|sous|loinc)\b)",
    ),
    field_of(
        "synonym",
        "Synonyme",
        """
        synonyme, synonymes, libelle court, libelle reduit, libelle abrege, autre libelle, autres
        noms, alias, mots cles, mot cle, nom court, autre nom, libelle secondaire
        """,
        r"synonym|mots? cles?|abrege",
    ),
    field_of(
        "property_kind",
        "Grandeur",
        """
        grandeur, type de grandeur, propriete
        """,
        r"\bgrandeur\b",
    ),
    field_of(
        "unit_code",
        "Code de l'unité",
        """
        code unite principale, code unite, code de l unite
        """,
        r"\bcode\b.*\bunites?\b",
    ),
    field_of(
        "unit",
        "Unité",
        """
        libelle unite principale, unite, unites, unite principale, libelle unite, unite de mesure,
        unit, unite de ref, unite de reference, unite si, unite de resultat, unites de mesure,
        unite rendu, units
        """,
        r"\bunites?\b",
    ),
    field_of(
        "reference_range",
        "Valeurs de référence",
        """
        valeur de ref, valeurs de ref, valeur de reference, valeurs de reference, intervalle de reference,
        intervalles de reference, valeurs usuelles, valeur usuelle, valeurs normales, normes, norme, vn, vr,
        bornes, normales
        """,
        r"\b(valeurs? (de )?(ref|usuelle|normale)|normes?|intervalles?)",
    ),
    field_of(
        "results",
        "Exemples de résultats",
        """
        exemples de resultats, exemple de resultat, exemples de resultat, exemple de resultats, resultats possibles,
        resultat possible, valeurs possibles, reponses possibles, resultats types, exemples, exemple, resultats,
        resultat, modalites, modalites de resultat, liste de valeurs, liste des valeurs, valeurs codees,
        example results, sample results, examples
        """,
        r"\bexemples? (de |d )?(resultat|valeur|reponse)|\b(resultats?|valeurs|reponses) possibles?\b",
    ),
    field_of(
        "exam",
        "Examen qui contient l'analyse",
        """
        examen parent, examen prescriptible, libelle examen prescriptible, examen prescrit, libelle bilan,
        nom du bilan, libelle profil, nom du profil, panel, panel name
        """,
    ),
    field_of(
        "timing",
        "Temporalité",
        """
        temporalite pt 24h, temporalite, temps, duree de recueil, pt 24h
        """,
        r"temporalit",
    ),
    field_of(
        "specimen_code",
        "Code du milieu",
        """
        code milieu, code specimen, code prelevement, code echantillon, code nature
        """,
        r"\bcode\b.*\b(milieu|specimen|echantillon|prelevement)\b",
    ),
    field_of(
        "specimen",
        "Milieu",
        """
        libelle milieu, milieu, specimen, nature, nature de l echantillon, nature echantillon,
        echantillon, prelevement, type de prelevement, milieu biologique, nature du prelevement,
        nature de prelevement, type d echantillon, matrice, type echantillon, fluide, liquide,
        type prelevement, fluid
        """,
        r"\b(milieu|specimen|matrice|nature|echantillon)\b",
    ),
    field_of(
        "scale",
        "Échelle",
        """
        echelle qn ord, echelle, type de resultat, type resultat, format resultat, format de
        resultat, scale
        """,
        r"\bechelle\b",
    ),
    field_of(
        "technique",
        "Technique",
        """
        technique, methode, technique de dosage, methode de dosage, principe de la methode,
        principe, methode d analyse, methode analytique, libelle technique, libelle methode, method
        """,
        r"\b(technique|methode)\b",
    ),
    field_of(
        "nabm",
        "Codes NABM ou mention HN",
        """
        codes nabm ou mention hn, code nabm, codes nabm, nabm, ref nabm, cotation nabm, nabm hn,
        acte nabm
        """,
        r"\bnabm\b",
    ),
    field_of(
        "chapter_code",
        "Code du chapitre",
        """
        code chapitre, code famille, code discipline, code specialite
        """,
    ),
    field_of(
        "chapter",
        "Chapitre",
        """
        libelle chapitre, chapitre, famille, discipline, specialite, secteur, rubrique, domaine,
        specialite biologique, categorie, libelle famille, section, service, secteur technique, category
        """,
        r"^(libelle )?(du |de |de la )?(chapitre|famille|discipline|specialite|secteur)\b",
    ),
    field_of(
        "subchapter_code",
        "Code du sous-chapitre",
        """
        code sous chapitre, code sous famille, code ss chapitre
        """,
    ),
    field_of(
        "subchapter",
        "Sous-chapitre",
        """
        libelle sous chapitre, sous chapitre, sous famille, libelle sous famille, ss chapitre
        """,
    ),
    field_of(
        "is_subcontracted",
        "Sous-traité (oui/non)",
        """
        sous traite, sous traitee, sous traitance, examen sous traite, analyse sous traitee,
        externe, st, est sous traite, transmis, examen transmis
        """,
        r"\bsous traite",
    ),
    field_of(
        "executing_laboratory",
        "Laboratoire exécutant",
        """
        laboratoire executant, labo executant, sous traitant, laboratoire sous traitant,
        laboratoire, executant, site executant, lieu d execution, laboratoire specialise,
        laboratoire de sous traitance, lieu de realisation, site, plateau
        """,
        r"\b(executant|sous traitant)\b",
    ),
    field_of(
        "annual_volume",
        "Volume annuel",
        """
        volume annuel, nombre annuel, nb annuel, activite annuelle, volume, nb an, nombre par an,
        quantite annuelle, frequence annuelle, nb actes
        """,
        r"\bannuel",
    ),
    field_of(
        "is_retired",
        "Retiré (oui/non)",
        """
        retire, retiree, obsolete, archive, inactif, desactive, supprime, hors service, perime
        """,
        r"\b(retire|obsolete|inactif|desactive)",
    ),
    *EARLIER,
)

FIELD_LABELS = {field.name: field.label for field in FIELDS}


@lru_cache(maxsize=4096)
def _once(text: str) -> str:
    """A heading whose accents were encoded twice, `LibellÃ©`, as it was."""
    if "Ã" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def fold_heading(text: str) -> str:
    """A heading without case, accents, punctuation nor repeated spaces."""
    flat = unicodedata.normalize("NFKD", _once(without_invisible(text)).replace("œ", "oe").replace("Œ", "oe"))
    flat = "".join(character for character in flat if not unicodedata.combining(character))
    return re.sub(r"[^a-z0-9]+", " ", flat.lower()).strip()


CODE_PATTERN = re.compile(next(field.pattern for field in FIELDS if field.name == "code"))
_EXAM_OR_LABEL = frozenset(
    {"examen", "examens", "libelle examen", "nom examen", "nom de l examen", "libelle de l examen"}
)
_EXACT = {heading: (field.name, rank) for field in FIELDS for rank, heading in enumerate(field.headings)}
_PATTERNS = [(re.compile(field.pattern), field.name) for field in FIELDS if field.pattern]


def known_fields(cells: Sequence[str]) -> set[str]:
    """The fields that these cells name as headings."""
    return {_EXACT[heading][0] for cell in cells if (heading := fold_heading(cell)) in _EXACT}


def columns_named(headings: Sequence[str]) -> dict[str, int]:
    """Which column holds which field, by its heading alone. The most usual heading of a field wins, then headings
    that contain it; of two equal headings the first column is taken, and the other is left to the user."""
    folded = [fold_heading(heading) for heading in headings]
    chosen: dict[str, tuple[int, int]] = {}
    for column, heading in enumerate(folded):
        if heading not in _EXACT:
            continue
        name, rank = _EXACT[heading]
        if name not in chosen or rank < chosen[name][0]:
            chosen[name] = (rank, column)
    columns = {name: column for name, (_rank, column) in chosen.items()}
    _name_exam(folded, columns)
    for column, heading in enumerate(folded):
        if not heading or heading in _EXACT or column in columns.values():
            continue
        for pattern, name in _PATTERNS:
            if pattern.search(heading):
                columns.setdefault(name, column)
                break
    return columns


def _name_exam(folded: Sequence[str], columns: dict[str, int]) -> None:
    """« Examen » names the tests of many catalogues; beside « Libellé » it says which exam holds the test."""
    label = columns.get("label")
    if label is None or folded[label] in _EXAM_OR_LABEL:
        return
    for column, heading in enumerate(folded):
        if heading in _EXAM_OR_LABEL:
            columns.setdefault("exam", column)


def guess_columns(headings: Sequence[str]) -> dict[str, int]:
    """The same, without what speaks of an earlier transcoding where no column has its codes."""
    return with_earlier_only(columns_named(headings))


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
