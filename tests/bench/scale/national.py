"""What the whole country would need, computed from the unit costs that were measured."""

import math
from collections.abc import Iterator, Mapping

SITES = 4_000
ANALYSES = 2_500
"""Analyses of one site's catalogue."""
MONTHS = 6
WORKED_DAYS_A_MONTH = 20
HOURS_A_DAY = 7
PEAK = 4.0
"""How many times the mean the busiest hour is."""
ROWS_A_LIST = 20
"""Rows decided for each time the list itself is opened."""
ROWS_A_BATCH = 100
RELEASES_A_YEAR = 2
USE = 0.6
"""Share of a core that is planned for: beyond it, waiting grows."""

Figures = Mapping[str, Mapping[str, float]]


def national(figures: Figures) -> Iterator[str]:
    """The blocks of the computation; said to be missing when a cost was not measured."""
    yield f"## {SITES:,} sites français".replace(",", " ")
    growth, throughput = figures.get("growth", {}), figures.get("throughput", {})
    needed = {
        "queue_ms_60k": growth, "case_ms_60k": growth, "decide_ms_60k": growth, "approval_ms_60k": growth,
        "bulk100_ms_60k": growth, "worker_cpu_s_per_1000_rows": throughput,
        "import_cpu_s_per_1000_rows": throughput, "database_mb_per_laboratory": throughput,
    }  # fmt: skip
    missing = [name for name, where in needed.items() if name not in where]
    if missing:
        yield f"Pas encore calculé : il manque {', '.join(missing)}."
        return
    rows = SITES * ANALYSES
    seconds = MONTHS * WORKED_DAYS_A_MONTH * HOURS_A_DAY * 3600
    decision_ms = growth["case_ms_60k"] + growth["decide_ms_60k"] + growth["queue_ms_60k"] / ROWS_A_LIST
    approval_ms = (growth["approval_ms_60k"] + growth["bulk100_ms_60k"]) / ROWS_A_BATCH
    web_seconds = rows * (decision_ms + approval_ms) / 1000
    peak_cores = math.ceil(web_seconds / seconds * PEAK / USE)
    match_hours = rows / 1000 * throughput["worker_cpu_s_per_1000_rows"] / 3600
    import_hours = rows / 1000 * throughput["import_cpu_s_per_1000_rows"] / 3600
    gigabytes = SITES * throughput["database_mb_per_laboratory"] / 1000
    rate = rows / seconds
    yield (
        f"Hypothèses : {SITES} sites de {ANALYSES} analyses, toutes décidées une fois et approuvées par lots de "
        f"{ROWS_A_BATCH} en {MONTHS} mois de {WORKED_DAYS_A_MONTH} jours de {HOURS_A_DAY} h ; l'heure la plus chargée "
        f"vaut {PEAK:g} fois la moyenne ; un cœur n'est occupé qu'à {100 * USE:.0f} %. Coûts unitaires : ceux des "
        "mesures ci-dessus, au catalogue le plus grand."
    )
    lines = (
        ("Analyses", f"{rows:,}"),
        ("Décisions par seconde, en moyenne", f"{rate:.1f}"),
        ("Décisions par seconde, à l'heure la plus chargée", f"{rate * PEAK:.1f}"),
        ("Processeur d'une décision (liste, cas, écriture)", f"{decision_ms:.0f} ms"),
        ("Processeur d'une approbation en lot", f"{approval_ms:.1f} ms"),
        ("Cœurs de serveur web, à l'heure la plus chargée", f"{peak_cores}"),
        ("Imports, en heures de cœur", f"{import_hours:.0f}"),
        ("Propositions pour tous, en heures de cœur", f"{match_hours:.0f}"),
        (f"Propositions par an ({RELEASES_A_YEAR} versions de LOINC), en heures de cœur",
         f"{RELEASES_A_YEAR * match_hours:.0f}"),
        ("Cœurs pour tout reproposer en une nuit de 8 h", f"{math.ceil(match_hours / 8 / USE)}"),
        ("Taille des bases", f"{gigabytes:.0f} Go"),
    )  # fmt: skip
    table = ["| Besoin | Valeur |", "|---|---:|"]
    table += [f"| {name} | {value.replace(',', ' ') if ',' in value else value} |" for name, value in lines]
    yield "\n".join(table)
