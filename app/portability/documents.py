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
