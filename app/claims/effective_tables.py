"""The facts of the last kept run of emitted reports, as tables of a pack: only of a state at which one stood. Pure."""

from app.claims.tables import FactFile

_CODES = "codes LOINC, séparés par des espaces"
EFFECTIVE_RUN = FactFile(
    "faits/effective_run.csv",
    {
        "run": "identifiant public de la mesure : une seule ligne, la dernière gardée qui vaut encore",
        "measured_at": "moment du catalogue et de la terminologie auxquels les comptes rendus ont été comparés",
        "author": "identifiant public de la personne (people.csv), vide : la ligne de commande",
        "period_from": "premier jour des comptes rendus, tel qu'une personne l'a dit ; vide : non dit",
        "period_to": "leur dernier jour",
        "release_version": "version de LOINC à laquelle ils ont été comparés",
        "release_sha256": "empreinte de son contenu",
        "in_service_sha256": "empreinte du contenu de la version en service à l'état du dossier",
        "has_circuit": "« Circuit de la biologie » était chargée (oui, non)",
        "circuit_version": "cette liste",
        "circuit_sha256": "empreinte de son contenu",
        "circuit_in_service_sha256": "empreinte de la liste en service à l'état du dossier, vide : aucune",
        "files": "fichiers lus",
        "reports": "comptes rendus lus",
        "level1_reports": "dont sans résultat structuré",
        "deleted_reports": "comptes rendus repris depuis par le SGL, non comptés",
        "damaged": "parties qui n'ont pu être lues",
        "results": "résultats lus",
        "effective": "dont effectivement transcodés",
        "by_loinc_alone": "dont sans code local, et dont le code LOINC est approuvé pour une analyse",
        "local_codes": "codes locaux vus, les masqués pour un seul",
        "effective_local_codes": "dont tous les résultats sont effectivement transcodés",
        "interval_low": "borne basse de l'intervalle à 95 % du taux par résultats, en % ; vide : rien n'a été lu, ou "
        "un texte a été effacé depuis",
        "interval_high": "borne haute",
        "interval_by": "bootstrap (tirages de comptes rendus) ou wilson (tous disent la même part)",
        "numpy": "version de NumPy qui a fait les tirages, vide : aucun tirage",
    },
)
EFFECTIVE_COUNTS = FactFile(
    "faits/effective_counts.csv",
    {
        "local_code": "code local, • : masqué, car il pourrait désigner une personne ; vide : aucun",
        "loinc_codes": f"{_CODES}, que ces résultats portaient ; ? : un code mal formé",
        "unit": "unité UCUM ; ? : une unité non reconnue",
        "section": "code LOINC de la section du compte rendu",
        "chapter": "chapitre de l'analyse dans le catalogue",
        "approved_codes": f"{_CODES}, qui étaient approuvés pour ce code local",
        "findings": "ce qui est dit de ces résultats, en mots séparés par des espaces (LISEZMOI.txt)",
        "repair": "ce qui est à faire dans le SGL, vide : rien",
        "results": "nombre de résultats",
        "reports": "nombre de comptes rendus qui en portent un au moins",
    },
)
EFFECTIVE_CLUSTERS = FactFile(
    "faits/effective_clusters.csv",
    {
        "domain": "chapitre, ou code LOINC de la section ; vide : tous les résultats du compte rendu",
        "results": "résultats que portait chacun de ces comptes rendus",
        "effective": "dont effectivement transcodés",
        "reports": "nombre de comptes rendus qui portaient cela",
    },
)
EFFECTIVE_FILES = (EFFECTIVE_RUN, EFFECTIVE_COUNTS, EFFECTIVE_CLUSTERS)
EFFECTIVE_NAMES = frozenset(file.name for file in EFFECTIVE_FILES)
BOOTSTRAP, WILSON = "bootstrap", "wilson"
