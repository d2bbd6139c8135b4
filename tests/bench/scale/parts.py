"""What the page of scale measures, part by part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement: a command of ours, and what it shows."""

    slug: str
    title: str
    explanation: str
    module: str
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """As somebody would type it."""
        return " ".join(("python -m", self.module, *self.arguments))


PARTS = (
    Part(
        "stalled",
        "Une personne lente n'arrête personne",
        "Pendant que quelqu'un d'un autre laboratoire laisse cinq envois en suspens, importe, ou télécharge.",
        "tests.bench.bench_stalled_upload",
    ),
    Part(
        "growth",
        "Ce que coûte une page, selon la taille du catalogue",
        "Temps de processeur du serveur, en millisecondes, et nombre d'instructions SQL.",
        "tests.bench.bench_growth",
    ),
    Part(
        "load-sqlite",
        "Dix transcodeurs, deux biologistes et un import, sur la base embarquée",
        "Un serveur et un processus de travaux (de moindre priorité) ; les personnes sont dans un autre processus.",
        "tests.bench.load.run",
        ("--transcoders", "10", "--biologists", "2", "--imports", "1"),
    ),
    Part(
        "load-postgresql",
        "Cinquante transcodeurs, dix biologistes et cinq imports, sur PostgreSQL",
        "Les mêmes gestes ; PostgreSQL tourne sur la même machine que tout le reste.",
        "tests.bench.load.run",
        ("--postgresql", "--transcoders", "50", "--biologists", "10", "--imports", "5", "--laboratories", "10",
         "--servers", "2"),
    ),
    Part(
        "memory",
        "Mémoire d'un serveur web",
        "Avec une version de 110 000 termes en service, les pages principales demandées.",
        "tests.bench.bench_memory",
    ),
    Part(
        "archive",
        "Un laboratoire de 20 000 analyses part, arrive et se ferme",
        "Chaque étape dans un processus à part, sur la base embarquée. « attente » : la plus longue de quelqu’un qui, "
        "pendant ce temps, demande sans cesse son tour d’écrire ; « refus » : combien de fois il ne l’a pas eu en "
        "quinze secondes.",
        "tests.bench.bench_archive",
    ),
    Part(
        "throughput",
        "Cinquante laboratoires d'un coup",
        "Cinquante catalogues de 2 500 analyses, importés puis comparés à LOINC par un puis deux processus.",
        "tests.chaos.throughput",
        ("--laboratories", "50", "--analyses", "2500", "--workers", "1,2"),
    ),
    Part(
        "chaos",
        "Deux cents morts subites",
        "Un processus est tué à un moment tiré au sort ; ce qui a été acquitté est cherché ensuite.",
        "tests.chaos.run",
        ("--kills", "200"),
    ),
)  # fmt: skip
