"""The page of scale says what was measured, and nothing else."""

import json

from tests.bench.scale.national import national
from tests.bench.scale.page import page
from tests.bench.scale.parts import PARTS
from tests.bench.scale.write import DATA, PAGE

GROWTH = {
    "queue_ms_60k": 100.0, "case_ms_60k": 50.0, "decide_ms_60k": 45.0, "approval_ms_60k": 100.0,
    "bulk100_ms_60k": 900.0,
}  # fmt: skip
THROUGHPUT = {
    "worker_cpu_s_per_1000_rows": 3.6, "import_cpu_s_per_1000_rows": 0.36, "database_mb_per_laboratory": 20.0,
}  # fmt: skip


def test_the_page_is_made_of_the_measures() -> None:
    assert PAGE.read_text("utf-8") == page(json.loads(DATA.read_text("utf-8")))


def test_only_parts_that_exist_are_kept() -> None:
    assert set(json.loads(DATA.read_text("utf-8"))) <= {part.slug for part in PARTS}


def test_the_computation_for_the_country() -> None:
    # 10 million rows: a decision costs 50 + 45 + 100/20 = 100 ms, an approval (100 + 900)/100 = 10 ms: 1.1 million
    # seconds over 6 × 20 × 7 × 3,600 = 3,024,000 s, four times that at the peak, at 60 % of a core: 2.4 cores.
    text = "\n".join(national({"growth": GROWTH, "throughput": THROUGHPUT}))
    assert "| Processeur d'une décision (liste, cas, écriture) | 100 ms |" in text
    assert "| Cœurs de serveur web, à l'heure la plus chargée | 3 |" in text
    assert "| Propositions pour tous, en heures de cœur | 10 |" in text
    assert "| Imports, en heures de cœur | 1 |" in text
    assert "| Taille des bases | 80 Go |" in text


def test_a_cost_that_was_not_measured_is_not_made_up() -> None:
    text = "\n".join(national({"growth": GROWTH}))
    assert "il manque worker_cpu_s_per_1000_rows" in text
    assert "|" not in text
