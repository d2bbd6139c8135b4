"""What headings say: that a file is about patients, that a column names the staff, or says when something was made."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

FieldsOf = Callable[[Sequence[str]], Mapping[str, int]]
"""Which column is which field of a catalogue, by its heading."""

_CERTAIN = re.compile(
    r"^(ipp|ins|nir|nip|ddn|dtn|d naiss|dt naiss|nee? le|ins c|ins nir|matricule ins|nom de famille|nss|niss|nni)$"
    r"|^(patronyme|nom patronymique|identite|assure|numero assure|nom assure|assure social|ayant droit)$"
    r"|^(nom et prenom|prenom et nom|beneficiaires?|nom du malade|malade|identite du malade|date n|d n)$"
    r"|\bprenoms?\b|\bnaissance\b|\bnaiss\b|\bne e le\b|\bnom (de )?(jeune fille|marital|usage|naissance)\b"
    r"|\bpatiente?s?\b.*\b(nom|id|ipp|numero|identifiant|age|sexe|name|number)\b"
    r"|\b(nom|id|ipp|n|no|numero|identifiant|identite|age|sexe|adresse|code|name|number)\b.*\bpatiente?s?\b"
    r"|\b(n|no|num|numero) ?(de )?(secu|ss|dossier patient|immatriculation)\b|\bsecurite sociale\b"
    r"|\b(first ?name|last ?name|birth ?date|date of birth|dob|patient ?id|patient ?name)\b"
    r"|^(mrn|medical record( number)?|surname|given( names?)?|family name|born|patient name|nhs number|forename)$"
    r"|^(vorname|nachname|geburtsdatum|apellidos?|f(echa)?( de)? nacimiento|cognome|data di nascita)$"
    r"|^(voornaam|achternaam|geboortedatum|rijksregisternummer|bsn|imie|nazwisko|pesel|data urodzenia|codice fiscale)$"
    r"|^(f( |o|oe)dsels(dato|dag|nummer)|personnummer|fornavn|etternavn|numele|prenumele|cnp|data de nascimento)$"
)
_AMBIGUOUS = {
    "name": re.compile(r"^(nom|noms|patients?|malades?|nom usuel)$"),
    "address": re.compile(r"^(adresse|ville|code postal|cp|telephone|tel|portable|email|e mail)$"),
    "record": re.compile(r"^((n|no|num|numero) )?(de )?(dossier|demande|venue|sejour|iep)$"),
    "sex": re.compile(r"^(sexe|civilite|genre|sex|gender)$"),
    "age": re.compile(r"^(age|age ans)$"),
    "prescriber": re.compile(r"^(prescripteur|medecin|medecin prescripteur|medecin traitant)$"),
    "initials": re.compile(r"^(initiales?|initials)( (du )?patient)?$"),
    "result": re.compile(
        r"^(valeur|resultat|result|date (de |du )?(prelevement|prel|resultat|validation)|prelevement|preleve le)$"
    ),
}
_FILE_NUMBER = re.compile(r"^((n|no|num|numero) )?(de )?(dossier|venue|sejour|iep)$")
_BOUND = re.compile(r"\bage\b.*\b(min|max|mini|maxi|minimum|maximum|minimal|maximal|de|a|debut|fin)$")
"""« Âge patient min » is a condition of a reference range."""
_NOT_PEOPLE = re.compile(
    r"\b(poids|taille|terme) (de |a la )?naissance\b|\b(fiche|information|consigne)s? patients?\b"
)
_STAFF = re.compile(
    r"^(referent|responsable|biologiste|technicien|redacteur|verificateur|approbateur|auteur|correspondant|pilote)"
    r"|^(valideur|validateur|contact|interlocuteur|signataire|operateur|utilisateur|prescripteur|medecin|pharmacien)"
    r"|^(preleveur|qualiticien|cadre|decideur|transcodeur|author|reviewer|approver|editor|owner|created by|updated by)"
    r"|\b(valide|cree|modifie|saisi|redige|verifie|approuve|relu|habilite|decide|revu|code|cloture) (par|le)\b"
    r"|\b(referent|responsable|validation|validated by|approved by|reviewed by|biologiste)$"
    r"|^(laboratoire|labo|executant|sous traitant|hopital|etablissement|site|fournisseur|fabricant|automate)\b"
)
"""Headings of people of the laboratory, and of places, which bear the names of people."""
_DATED = re.compile(
    r"\b(creation|cree?e?|maj|mise a jour|modif\w*|validation|valide\w*|effet|debut|fin|application|version|activation"
    r"|desactivation|ouverture|fermeture|update[ds]?|created?|valid|modified|effective|expir\w*|peremption|revision"
    r"|revu\w*|publication|import|export|arret|suppression|saisi\w*|decide\w*|approuve\w*|parametrage|mise en service"
    r")\b"
)
_REFERENCE = re.compile(
    r"\b(norm\w*|references?|ref|bornes?|limites?|usuel\w*|intervalles?|seuils?|vr|vn|vu|range|population|conditions?|tranches?"
    r"|min|mini|minim\w*|max|maxi|maxim\w*|low|high|basse?|haute?)\b"
)
_AGE = re.compile(r"^(age|ages|alter|eta|edad|leeftijd)\b")
_CATALOGUE_FIELDS = frozenset({"unit", "specimen", "technique", "scale", "nabm", "timing"})
_PUNCTUATION = re.compile(r"[^a-z0-9]+")


def folded(text: str) -> str:
    """A heading without case, accents, punctuation nor repeated spaces."""
    flat = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe"))
    flat = "".join(letter for letter in flat if unicodedata.category(letter) not in ("Cf", "Mn"))
    return _PUNCTUATION.sub(" ", flat.lower()).strip()


def certain(headings: Sequence[str]) -> list[int]:
    """The columns that only a list of patients has; headings are folded."""
    return [
        column
        for column, heading in enumerate(headings)
        if heading and _CERTAIN.search(heading) and not _BOUND.search(heading) and not _NOT_PEOPLE.search(heading)
    ]


def ambiguous(headings: Sequence[str]) -> dict[str, int]:
    """The columns whose folded headings may be those of a list of patients, by what they mean."""
    found: dict[str, int] = {}
    for column, heading in enumerate(headings):
        for meaning, pattern in _AMBIGUOUS.items():
            if pattern.search(heading):
                found.setdefault(meaning, column)
    return found


def suspicious(cells: Sequence[str], fields_of: FieldsOf) -> list[int]:
    """The columns whose headings say that the file is about patients.

    « Nom » alone is how many catalogues call the label of a test, and « Sexe » and « Âge » also head
    reference ranges: these count only together, and less in a file that has units or specimens.
    """
    headings = [folded(cell) for cell in cells]
    found = certain(headings)
    if found:
        return found
    others = ambiguous(headings)
    if "initials" in others and {"record", "result"} & others.keys():
        return sorted(others.values())
    if any(_FILE_NUMBER.search(heading) for heading in headings) and "result" in others:
        return sorted(others.values())
    if "name" not in others:
        return []
    count = len(others) - 1
    is_catalogue = bool(_CATALOGUE_FIELDS & fields_of(cells).keys())
    named = count >= 2 or "address" in others or "record" in others
    return sorted(others.values()) if count >= 3 or (named and not is_catalogue) else []


def is_unmarked_header(cells: Sequence[str], needed: int) -> bool:
    """Whether a row taken for data is the header of a patient file: so many such words, which no analysis
    gathers (« DDN ; DATE DE NAISSANCE » is a line of some catalogues)."""
    headings = list({folded(cell) for cell in cells})
    return len(set(certain(headings)) | set(ambiguous(headings).values())) >= needed


def names_staff(heading: str) -> bool:
    """Whether a heading says that a column names people of the laboratory, or places."""
    return _STAFF.search(folded(heading)) is not None


def says_reference(heading: str) -> bool:
    """Whether a heading says that a column holds ranges of reference, or for whom they are."""
    return _REFERENCE.search(folded(heading)) is not None


def says_age(heading: str) -> bool:
    """Whether a heading says that a column holds ages, and no bounds of them."""
    said = folded(heading)
    return _AGE.search(said) is not None and not _BOUND.search(said) and not _REFERENCE.search(said)


def says_when(heading: str) -> bool:
    """Whether a heading says when something of a catalogue was made, changed or ended."""
    return _DATED.search(folded(heading)) is not None
