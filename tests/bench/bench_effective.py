"""What reading and counting emitted reports costs: `python -m tests.bench.bench_effective [messages]`.

Makes one file of HL7 v2 messages (10,000 unless told otherwise) of 20 plain OBX, each of a patient of its own, and
reads and counts it in a process of its own. CPU seconds, of the reading alone and of both, and the peak of memory are
of that process, the file in its memory included. The exit code says whether the limits hold: 60 s and 300 MB for
10,000 messages.
"""

import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from app.emitted.counting import count
from app.emitted.hl7v2 import read_hl7v2
from app.emitted.observed import CatalogueIndex, CodeSystems, KnownAnalysis, Observed
from tests.bench import figures

MESSAGES = 10_000
RESULTS = 20
MOST_SECONDS = 60.0
MOST_MEGABYTES = 300.0
_ANALYSES = 400
"""Local codes of the laboratory: each message takes some of them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What reading and counting cost, and what was counted."""

    reading_seconds: float
    seconds: float
    megabytes: float
    size: int
    reports: int
    results: int
    damaged: int


def message(number: int) -> str:
    """One message of 20 results under two batteries; every third one has local codes alone."""
    lines = [
        f"MSH|^~\\&|SIL|LABO|DPI|CH|2026{number % 12 + 1:02d}010800||ORU^R01^ORU_R01|{number}|P|2.5|||||FRA|8859/15",
        f"PID|1||{number:09d}^^^LABO||NOM{number:x}^PRENOM{number % 977}||19{number % 100:02d}0412|F|||"
        f"{number % 90} rue Neuve^^VILLE{number % 300}^^{10000 + number % 80000}",
        f"PV1|1|O|UF{number % 40}|||||{number % 50}^MEDECIN{number % 50}^ALIX",
        f"ORC|RE|P{number}|F{number}|||||||||{number % 50}^MEDECIN{number % 50}^ALIX",
    ]
    for result in range(RESULTS):
        if result % 10 == 0:
            lines.append(f"OBR|{1 + result // 10}|P{number}|F{number}|5841{result // 10}-2^Bilan^LN|||202601010700")
        analysis = (number + result) % _ANALYSES
        local = f"A{analysis:03d}^Analyse {analysis}^L"
        names = local if number % 3 == 0 else f"{1000 + analysis}-{analysis % 10}^Analyse^LN^{local}"
        value = (number * 7 + result) % 200
        lines.append(f"OBX|{result + 1}|NM|{names}||{value}|mmol/L^^UCUM|10-20|N|||F|||202601010745")
    return "\r".join(lines) + "\r"


def content_of(count: int) -> bytes:
    """A file of so many messages."""
    return "".join(map(message, range(count))).encode("iso8859-15")


def _no_document(content: bytes, place: str, systems: CodeSystems) -> list[Observed]:
    raise AssertionError(f"no document was sent: {place}, {len(content)}, {systems}")


def _spent() -> float:
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


def _read(content: bytes) -> Iterator[Observed]:
    return read_hl7v2(content, "fichier 1", CodeSystems(), lambda *given: iter(_no_document(*given)))


def measured(messages: int) -> Measured:
    """Read one file, then read and count it."""
    content = content_of(messages)
    codes = (f"A{number:03d}" for number in range(_ANALYSES))
    index = CatalogueIndex({code: KnownAnalysis(frozenset({"718-7"}), "C1") for code in codes})
    begun = _spent()
    for _ in _read(content):
        pass
    read = _spent()
    found = count(_read(content), index)
    counted = _spent()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results = sum(found.seen.values())
    return Measured(read - begun, counted - read, peak, len(content), found.reports, results, found.damaged_total)


def main() -> None:
    """Print the line."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(measured, messages).result()
    if (found.reports, found.results, found.damaged) != (messages, messages * RESULTS, 0):
        raise SystemExit(f"not all was read: {found}")
    sys.stdout.write(
        f"{'Messages':>9}{'Mo du fichier':>15}{'résultats':>11}{'s CPU, lecture':>16}{'s CPU, en tout':>16}{'Mo':>6}\n"
        f"{messages:>9}{found.size / 1e6:>15.1f}{found.results:>11}{found.reading_seconds:>16.2f}{found.seconds:>16.2f}"
        f"{found.megabytes:>6.0f}\n"
    )
    figures.keep({"effective_s": found.seconds, "effective_mb": found.megabytes})
    if messages <= MESSAGES and (found.seconds > MOST_SECONDS or found.megabytes > MOST_MEGABYTES):
        sys.exit(f"{MOST_SECONDS:.0f} s et {MOST_MEGABYTES:.0f} Mo au plus")


if __name__ == "__main__":
    main()
