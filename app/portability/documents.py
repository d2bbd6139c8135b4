"""The pages of an archive for a stranger: what is in it, how to read it, how to verify it. Pure."""

from collections.abc import Mapping
from typing import Any

from app.portability.carried import NOT_CARRIED
from app.portability.schemas import files_said
from app.text import counted, format_number
from loinc_data.notice import LOINC_NOTICE

README, NOTICE, MANIFEST, SUMS = "LISEZMOI.md", "NOTICE-LOINC.txt", "manifeste.json", "SHA256SUMS"
CONTEXT, PEOPLE_FILE, DEFINITIONS = "contexte/contexte.json", "contexte/personnes.csv", "contexte/definitions.jsonl"
FORMAT = "transcodeur-archive-1"
PEOPLE_COLUMNS: Mapping[str, str] = {
    "id": "numéro de la personne dans l’installation d’origine",
    "public_id": "identifiant public",
    "name": "nom",
    "email": "adresse électronique",
    "role": "rôle dans le laboratoire au moment de l’archive : transcoder, biologist, reader ; vide : aucun",
}


def readme(manifest: Mapping[str, Any], counts: Mapping[str, int]) -> bytes:
    """The page of a stranger, in French."""
    lines = [
        f"# Archive du laboratoire « {_plain(manifest['laboratory'])} »",
        "",
        "Cette archive contient tout ce que l’Atelier de transcodage LOINC gardait d’un laboratoire : ses fichiers "
        "tels que reçus, ses lignes, chaque décision et chaque approbation avec son auteur et sa date, ses versions "
        "signées, ses exports, sa mémoire, ses réglages et son journal avec sa chaîne d’audit.",
        "",
        f"État au {manifest['stated_at']} (temps universel). Format : {FORMAT}.",
        "",
        "## Vérifier",
        "",
        "Décompressez l’archive, puis, dans son dossier :",
        "",
        f"    sha256sum -c {SUMS}",
        "",
        f"Chaque fichier doit répondre « OK » ou « Réussi ». `{MANIFEST}` dit les mêmes empreintes et la taille de "
        "chaque fichier. L’empreinte du zip entier est inscrite au journal de l’installation qui l’a produit.",
        "",
        "## Lire",
        "",
        "- Les fichiers `.csv` s’ouvrent d’un double clic dans un tableur : séparateur point-virgule, UTF-8. Un texte "
        "que le tableur calculerait est précédé d’une apostrophe, à enlever ; une apostrophe seule est un texte vide, "
        "une cellule vide n’est rien.",
        "- Les fichiers `.jsonl` ont un objet JSON par ligne.",
        "- `schemas/` contient le schéma (JSON Schema) de chaque fichier, qui dit ce que chaque colonne veut dire.",
        "- `recus/` contient les octets de chaque fichier reçu, sous son identifiant public ; `signatures/` le contenu "
        "signé de chaque signature, compressé par zlib.",
        f"- `{PEOPLE_FILE}` dit qui sont les personnes ; `{CONTEXT}` nomme par leur empreinte les versions de LOINC et "
        "les listes, dont le contenu n’est pas dans l’archive.",
        "- `chaine/maillons.jsonl` est la chaîne d’audit : l’empreinte SHA-256 de chaque ligne, sans sa fin de ligne, "
        "est l’empreinte du maillon, que le suivant répète. Le dernier est nommé par le manifeste.",
        "",
        "## Vérifier chaque fait",
        "",
        "Un maillon nomme ses faits dans `members`, un texte JSON : une liste de [numéro de la ligne dans le fichier "
        "de `table_name`, empreinte, {colonne : engagement}] ; un maillon `seal` n’annonce que des nombres. Dans "
        "`column_names`, les colonnes fixes sont avant la barre, les textes après.",
        "",
        "- Empreinte d’un fait : SHA-256 de `{\"fixed\":{…},\"table\":\"…\",\"texts\":{…}}`, en JSON UTF-8, clés "
        "triées, sans espaces, accents tels quels. `fixed` : chaque colonne fixe et sa valeur ; `texts` : les "
        "engagements du maillon.",
        "- Valeur d’une colonne : celle du `.jsonl` ; dans un `.csv`, un nombre où le schéma dit un nombre, true pour "
        "oui et false pour non, null pour une cellule vide où le schéma l’admet, sinon le texte sans son apostrophe.",
        "- Engagement d’un texte : SHA-256 des octets de son sel suivis du texte, ou de son JSON quand ce n’est pas un "
        "texte. Le sel, en hexadécimal, est dans `chaine/sels.jsonl`, à la position du maillon, au numéro de la ligne, "
        "au nom de la colonne. Un texte vide n’a pas d’engagement ; un texte effacé (`donnees/erasure.csv`) n’a plus "
        "de sel.",
        "",
        "## Compter",
        "",
        "L’état d’une ligne se lit dans `donnees/decision.csv`, par numéro croissant, sans les faits qu’un `undo` "
        "annule (`undoes_id`) : le dernier `choose`, `no_loinc`, `out_of_scope` ou `doubt` dit ce qui est décidé ; "
        "`approve` l’approuve ; `send_back` et `reimport` renvoient. La définition par défaut divise les analyses "
        "(`level` : analysis, `is_retired` : non) dont un `choose` est approuvé par toutes celles qui ne sont pas "
        "approuvées hors périmètre ; le code doit exister dans la version de LOINC que nomme le contexte, un code "
        "DEPRECATED compte jusqu’à sa date limite (`grace`), et 19146-0 ne compte pas.",
        "",
        "## Reprendre dans une autre installation",
        "",
        "    transcodeur import-archive X.zip",
        "",
        "## Ce que chaque fichier contient",
        "",
    ]
    for (name, said, columns), count in zip(files_said(), counts.values(), strict=True):
        lines += [f"### `{name}` — {counted(count, 'ligne', 'lignes')}", "", said, ""]
        lines += ["| Colonne | Ce qu’elle dit |", "|---|---|"]
        lines += [*(f"| `{column}` | {what} |" for column, what in columns), ""]
    lines += [f"### `{PEOPLE_FILE}`", "", "| Colonne | Ce qu’elle dit |", "|---|---|"]
    lines += [f"| `{column}` | {what} |" for column, what in PEOPLE_COLUMNS.items()]
    lines += ["", "## Ce qui n’est pas dans l’archive", "", "| Table | Pourquoi |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in sorted(NOT_CARRIED.items())]
    lines += ["", f"Lignes en tout : {format_number(sum(counts.values()))}.", ""]
    return "\n".join(lines).encode()


def _plain(text: str) -> str:
    return " ".join(text.split())


def notice() -> bytes:
    """The notice of LOINC, which the archive carries for the codes and names that its rows hold."""
    return f"{LOINC_NOTICE}\n".encode()
