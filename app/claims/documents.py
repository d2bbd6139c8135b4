"""The documents of a pack that its facts alone give: figures, attestation, and what an outsider is told. Pure.

Made when the pack is made, and again by whoever verifies it: a word changed in one of them is found.
"""

from collections.abc import Mapping, Sequence
from html import escape

from app.claims.effective_files import attestation_lines, effective_files, readme_blocks
from app.claims.figures_files import (
    CHAPTERS,
    FIGURES,
    LINES,
    Shown,
    chapters_csv,
    figures_csv,
    formula_of,
    lines_csv,
    paris,
    shown_figures,
    yes_no,
)
from app.claims.reading_facts import Facts
from app.claims.recompute import Moment
from app.claims.tables import FILES
from loinc_data.notice import LOINC_NOTICE

FORMAT = "transcodeur-dossier-1"
README, ATTESTATION_HTML, ATTESTATION_TEXT = "LISEZMOI.txt", "attestation.html", "attestation.txt"
LICENCE, MANIFEST, SUMS = "LOINC_short_license.txt", "manifest.json", "SHA256SUMS"
BLANK = "……………………………………………"
DRAFT = "PROJET"
"""What every document says first while it is of no signed version."""
_WIDTH = 78
EFFECTIVE_TITLE = "Transcodage effectif : ce que portent les comptes rendus émis"
EFFECTIVE_CONTENT = "ce que portent les comptes rendus émis : chiffres, chapitres, et ce qui est à corriger dans le SGL"


def documents(moment: Moment) -> dict[str, bytes]:
    """Name -> content of every document that follows from the facts, as they stand at the moment of the state."""
    facts = moment.facts
    shown = shown_figures(moment)
    blocks = _attestation(facts, moment, shown)
    return {
        FIGURES: figures_csv(facts, shown),
        CHAPTERS: chapters_csv(moment),
        LINES: lines_csv(moment),
        ATTESTATION_TEXT: _as_text(facts, "Attestation du laboratoire", blocks),
        ATTESTATION_HTML: _as_html(facts, "Attestation du laboratoire", blocks),
        README: _as_text(facts, "Dossier de preuve : le lire, le recalculer, le vérifier", _readme(facts, shown)),
        LICENCE: (LOINC_NOTICE + "\n").encode(),
        **effective_files(moment),
    }


Block = str | Sequence[tuple[str, str]] | Sequence[str]
"""A paragraph, a list of headings and values, or a list of lines kept as they are."""
Section = tuple[str, Sequence[Block]]


def _identity(facts: Facts) -> list[tuple[str, str]]:
    state = facts.state
    return [
        ("Laboratoire", state["laboratory"]),
        ("FINESS", state["finess"] or _signed_finess(facts) or BLANK),
        ("Logiciel (SGL)", state["sgl"] or BLANK),
        ("Catalogue", state["catalogue"]),
        ("Version de LOINC", state["release_title"] or "aucune"),
        ("Version du transcodage", state["version_label"]),
        ("État au", f"{paris(state['stated_at'])} (heure de Paris), {state['stated_at']} (UTC)"),
        ("Empreinte du contenu transcodé (SHA-256)", state["content_sha256"]),
        ("Chaîne d'audit", state["chain_head"] or "aucun maillon"),
    ]


def _signed_finess(facts: Facts) -> str:
    """The numbers that the signatures in force of this version say; empty where there is none."""
    said = [
        f"EJ {line['finess_ej']}{', ET ' if line['finess_et'] else ''}{line['finess_et']}" for line in _in_force(facts)
    ]
    return f"{' ; '.join(dict.fromkeys(said))} (selon la signature)" if said else ""


def _share(item: Shown) -> str:
    figure = item.figure
    percent = f"{figure.percent} %" if figure.percent else "rien à compter"
    return f"{percent} ({figure.numerator} sur {figure.denominator}) ; 80 % atteint : {yes_no(figure.is_reached)}"


def _others(shown: Sequence[Shown]) -> list[tuple[str, str]]:
    """Each with what it counts: a name alone, which somebody chose, would not say it."""
    return [(item.title, f"{_share(item)}. {item.definition['sentence']}") for item in shown]


def _approvers(facts: Facts, moment: Moment) -> list[tuple[str, str]]:
    names = {line["person"]: line["name"] for line in facts.people}
    found: dict[str, list[str]] = {}
    for item in moment.rows:
        if item.state.approval and not item.is_retired:
            found.setdefault(item.state.approval["author"], []).append(item.state.approval["at"])
    lines = []
    for person, moments in sorted(found.items(), key=lambda pair: (-len(pair[1]), names.get(pair[0], ""), pair[0])):
        rows = f"{len(moments)} ligne{'s' if len(moments) > 1 else ''}"
        lines.append((names.get(person, person), f"{rows}, du {paris(min(moments))} au {paris(max(moments))}"))
    return lines or [("Personne encore", "aucune ligne approuvée")]


def _signed(facts: Facts) -> list[tuple[str, str]]:
    return [
        (
            f"Version {line['version']} : {line['name']}, {line['title']}",
            f"RPPS {line['rpps'] or BLANK}, FINESS {line['finess_ej']} {line['finess_et']}, le "
            f"{paris(line['signed_at'])} ; chapitres : {line['chapters']}",
        )
        for line in _in_force(facts)
    ]


def _in_force(facts: Facts) -> list[Mapping[str, str]]:
    """The signatures of the version of the state that nobody withdrew."""
    return [
        line
        for line in facts.signatures
        if not line["withdrawn_at"] and line["version"] == facts.state["version_number"]
    ]


def _attestation(facts: Facts, moment: Moment, shown: list[Shown]) -> list[Section]:
    main = shown[0] if shown else None
    default: list[Block] = ["Aucune ligne n'est à compter."]
    if main is not None:
        default = [[(main.title, _share(main))], main.definition["sentence"], facts.state["counted_as_transcoded"]]
    return [
        ("Ce qui est attesté", [_identity(facts)]),
        ("Taux de transcodage, définition par défaut", default),
        ("Les autres définitions", [_others(shown[1:]) or "Aucune."]),
        *([(EFFECTIVE_TITLE, [carried])] if (carried := attestation_lines(moment)) else []),
        ("Biologistes qui ont approuvé (analyses et examens, sans les lignes retirées)", [_approvers(facts, moment)]),
        ("Biologistes qui ont signé", [_signed(facts) or "Personne encore."]),
        (
            "Le responsable du laboratoire",
            [
                "Je soussigné(e) atteste que le transcodage du catalogue ci-dessus a été vérifié par les biologistes "
                "du laboratoire, dans l'état que décrit ce dossier.",
                [(name, BLANK) for name in ("Nom et prénom", "Qualité", "Fait à", "Le", "Signature")],
            ],
        ),
        (
            "Ce que ce document est",
            [
                "Il accompagne le dossier de preuve du catalogue, dont LISEZMOI.txt dit comment chaque pourcentage se "
                "recalcule et se vérifie. Il est établi par l'atelier de transcodage ; ce n'est pas un formulaire "
                "officiel.",
            ],
        ),
        ("LOINC", [LOINC_NOTICE]),
    ]  # fmt: skip


def _readme(facts: Facts, shown: list[Shown]) -> list[Section]:
    formulas: list[str] = []
    for place, item in enumerate(shown):
        expected = item.figure.percent or "division par zéro : rien à compter"
        formulas += [f"{item.number}. {item.title}", f"   {item.definition['sentence']}",
                     f"   {formula_of(place)}", f"   résultat : {expected}"]  # fmt: skip
    columns: list[str] = []
    for file in FILES:
        columns += ["", file.name, *(f"   {heading} : {said}" for heading, said in file.columns.items())]
    missing = [(name.removeprefix("absent:"), said) for name, said in facts.state.items() if name.startswith("absent:")]
    notes = [(name.removeprefix("note:"), said) for name, said in facts.state.items() if name.startswith("note:")]
    return [
        ("De quoi il s'agit", [_identity(facts)]),
        (
            "Ce que contient le dossier",
            [
                [
                    ("attestation.html, .txt", "à compléter et signer par le responsable du laboratoire"),
                    ("chiffres/", "chaque pourcentage, par définition et par chapitre, et toutes les lignes"),
                    *([("chiffres/effectif*.csv", EFFECTIVE_CONTENT)] if facts.effective_run else []),
                    ("couverture/", "le rapport de couverture, tel que l'atelier le donne"),
                    ("rapport/", "le rapport, à lire (HTML) et à imprimer (PDF), et toutes les lignes, qu'il nomme "
                     "par leur empreinte"),
                    ("exports/", "LOINC_4, LOINC_5, LOINC_6 et ConceptMap FHIR, tels que l'atelier les donne"),
                    ("faits/", "tout ce dont les chiffres dépendent : lignes, décisions, dates, personnes"),
                    ("contenu/", "le transcodage sous sa forme canonique, dont l'empreinte est ci-dessus"),
                    ("journal/", "le journal du catalogue ; chaine/ : les maillons de la chaîne d'audit et sa tête"),
                    ("manifest.json, SHA256SUMS", "la taille et l'empreinte de chaque fichier"),
                ],
                [("Absent du dossier", f"{name} : {said}") for name, said in missing] or "Rien ne manque.",
                [(f"À savoir ({name})", said) for name, said in notes] or "Rien à signaler sur les exports.",
            ],
        ),
        (
            "Vérifier les fichiers",
            [
                "Dans le dossier décompressé, sous Linux ou macOS (shasum -a 256 -c) :",
                ["   sha256sum -c SHA256SUMS"],
                "L'empreinte du dossier entier est celle du fichier zip ; l'atelier l'a inscrite à son journal quand "
                "il l'a produit :",
                ["   sha256sum DOSSIER.zip"],
                "Avec l'atelier, sans base de données, tout se vérifie et se recalcule d'un coup :",
                ["   transcodeur verify-pack DOSSIER.zip --expect EMPREINTE"],
            ],
        ),
        (
            "Recalculer chaque pourcentage avec un tableur",
            [
                f"Ouvrez {LINES} : une ligne par analyse et par examen. Pour la définition numéro N, « Compte N » est "
                "ce que la ligne pèse au dénominateur (0 quand elle en sort) et « Transcodé N » ce qui en est "
                "transcodé. Dans cette même feuille, dans une cellule vide à droite de la dernière colonne :",
                formulas or ["Aucune définition."],
                "ENT arrondit vers le bas : 79,99 % n'est jamais 80 %. (En anglais : INT et SUM.)",
            ],
        ),
        (
            "Recalculer chaque ligne à partir des faits",
            [
                facts.state["counted_as_transcoded"],
                "L'état d'une ligne est celui de ses faits dans decisions.csv, du plus ancien au plus récent : on ôte "
                "ceux qu'un autre annule (undoes) ; le dernier choix (choose, no_loinc, out_of_scope, doubt) dit le "
                "code ; la ligne est approuvée si le dernier fait est approve, renvoyée si c'est send_back ou "
                "reimport. Une ligne approuvée dont deux lectures diffèrent (readings.csv, is_agreement : non) sans "
                "conciliation en vigueur (reconciliations.csv) n'est tenue que pour décidée.",
                "Le code doit exister, avec sa clé (Luhn), dans la version en service (releases.csv, codes.csv) ; un "
                "code DEPRECATED ne compte plus après le dernier jour donné par grace.csv. Deux lignes approuvées du "
                "même niveau et du même code local, avec des réponses différentes, ne comptent ni l'une ni l'autre. "
                "19146-0 est un code d'attente et ne compte jamais. Les lignes hors périmètre approuvées et les "
                "lignes retirées (is_retired) sortent du dénominateur.",
                "Un examen compté par ses analyses (exams.csv) est transcodé quand toutes celles qui restent au "
                "dénominateur le sont ; il en sort quand aucune n'y reste, et n'est jamais transcodé quand une "
                "analyse manque au catalogue.",
                "Pour un jour passé : ne gardez que les faits dont le moment n'est pas plus tard que minuit, heure de "
                "Paris, et reprenez de la plus récente à la plus ancienne les lignes plus tardives de changes.csv "
                "(added : ôter la ligne ; removed : la remettre ; returned : la tenir pour retirée ; sinon remettre "
                "« old » dans la colonne « field »). Les analyses d'un examen se retrouvent alors par leur code ; un "
                "examen touché est sous-traité, ou retiré, quand toutes ses analyses le sont. "
                "verify-pack --jour AAAA-MM-JJ donne ces chiffres.",
                "Les colonnes (points-virgules, UTF-8 ; une cellule qui commence par une apostrophe se lit sans "
                "elle ; moments en UTC) :",
                columns,
            ],
        ),
        *([("Recalculer le transcodage effectif", blocks)] if (blocks := readme_blocks(facts)) else []),
        (
            "Vérifier la chaîne d'audit",
            [
                "Chaque ligne de chaine/maillons.jsonl est un maillon. Le SHA-256 d'une ligne, sans sa fin de ligne, "
                "est « previous_hash » de la suivante ; celui de la dernière est la tête, dans chaine/tetes.json et "
                "ci-dessus. Sur l'installation, la même tête se compare à la base :",
                ["   transcodeur verify-audit --head tetes.json"],
                "Chaque ligne de chaine/faits.jsonl est une décision ; son SHA-256 est dans le maillon qui la "
                "contient (« members »), ce qui prouve qu'elle est telle qu'elle fut écrite.",
            ],
        ),
        ("LOINC", [LOINC_NOTICE]),
    ]


def _banner(facts: Facts) -> str:
    return "" if facts.state["is_signed"] == "oui" else facts.state["version_label"]


def _as_text(facts: Facts, title: str, sections: Sequence[Section]) -> bytes:
    banner = _banner(facts)
    lines = [*([banner, "=" * len(banner), ""] if banner else []), title.upper(), ""]
    for heading, blocks in sections:
        lines += [heading, "-" * len(heading), ""]
        for block in blocks:
            lines += [*_text_lines(block), ""]
    if banner:
        lines += [banner, ""]
    # Windows Notepad needs the mark to read UTF-8.
    return "\r\n".join(lines).encode("utf-8-sig")


def _text_lines(block: Block) -> list[str]:
    if isinstance(block, str):
        return _wrapped(block)
    return [item if isinstance(item, str) else f"{item[0]} : {_one_line(item[1])}" for item in block]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


_STYLE = (
    "body{font:11pt/1.4 serif;max-width:46rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #777;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{width:40%;font-weight:normal}"
    ".projet{border:3px double #000;padding:.5rem;font-weight:bold;text-align:center}"
    "@media print{.projet.fixe{position:fixed;bottom:0;left:0;right:0}}"
)


def _as_html(facts: Facts, title: str, sections: Sequence[Section]) -> bytes:
    banner = _banner(facts)
    parts = [
        f'<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>',
        f"<style>{_STYLE}</style>\n</head>\n<body>",
        f'<p class="projet">{escape(banner)}</p>' if banner else "",
        f"<h1>{escape(title)}</h1>",
    ]
    for heading, blocks in sections:
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts += [_html_block(block) for block in blocks]
    parts += [f'<p class="projet fixe">{escape(banner)}</p>' if banner else "", "</body>\n</html>\n"]
    return "\n".join(part for part in parts if part).encode()


def _html_block(block: Block) -> str:
    if isinstance(block, str):
        return f"<p>{escape(block)}</p>"
    rows = [(item, "") if isinstance(item, str) else item for item in block]
    cells = "\n".join(f'<tr><th scope="row">{escape(head)}</th><td>{escape(said)}</td></tr>' for head, said in rows)
    return f"<table>\n{cells}\n</table>"
