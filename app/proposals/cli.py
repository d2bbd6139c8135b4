"""The command `transcodeur propose`: proposals for a catalogue file, without database and without server."""

import csv
import json
import resource
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from app.console.options import Encoding, Output, SheetName, StandardInputName, file_argument, file_option
from app.console.streams import InputFile
from app.errors import InvalidInputError
from app.proposals.engine_cache import set_aside
from app.proposals.engines import engine_of_release_file, engine_of_starter
from app.proposals.files import read_local_tests, width_of
from app.settings import get_settings
from loinc_data.release import ReleaseError
from matcher import Engine, Knowledge, LocalTest, Proposal

PARALLEL_FROM = 400
MAX_WORKERS = 64
_engine: Engine | None = None


def _answer(batch: tuple[list[LocalTest], int]) -> list[list[tuple[int, str, float]]]:
    tests, top = batch
    assert _engine is not None
    return [_flat(_engine.propose(test, top, explain=False)) for test in tests]


def _flat(proposals: Iterable[Proposal]) -> list[tuple[int, str, float]]:
    return [(item.rank, item.loinc_num, item.confidence) for item in proposals]


def _answers(tests: list[LocalTest], top: int, workers: int) -> Iterator[list[tuple[int, str, float]]]:
    """The answers in input order; many rows are shared between processes that inherit the loaded engine."""
    size = 100
    batches = [(tests[start : start + size], top) for start in range(0, len(tests), size)]
    if workers < 2 or len(tests) < PARALLEL_FROM:
        return chain.from_iterable(map(_answer, batches))
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return chain.from_iterable(list(pool.map(_answer, batches)))


def _engine_of(release: InputFile | None, cache_dir: Path) -> Engine:
    """The engine over this release, or over the starter terminology; raises ReleaseError."""
    if release is None:
        return engine_of_starter(cache_dir)
    with release.on_disk() as path:
        return engine_of_release_file(path, cache_dir)


def _peak_mb() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(max(own, children) / 1024, 1)


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("propose")
    def propose(
        catalogue: Annotated[
            InputFile, file_argument("Catalogue : CSV, classeur ou fichier LOINC_3.", metavar="CATALOGUE")
        ],
        output: Output,
        top: Annotated[int, typer.Option(help="Nombre de codes proposés par ligne.", min=1, max=50)] = 10,
        release: Annotated[
            InputFile | None,
            file_option("--release", help="Version officielle de LOINC.", metavar="ZIP_OU_DOSSIER"),
        ] = None,
        timing: Annotated[
            bool, typer.Option("--timing", help="Écrit les temps en JSON sur la sortie d'erreur.")
        ] = False,
        workers: Annotated[int, typer.Option(help="Nombre de processus.", min=1, max=MAX_WORKERS)] = 2,
        name: StandardInputName = "",
        encoding: Encoding = "",
        sheet: SheetName = "",
    ) -> None:
        """Propose des codes LOINC pour un catalogue (sans base de données ni serveur)."""
        global _engine
        tests, notes = read_local_tests(*catalogue.read(name), encoding, sheet)
        if not timing:  # whose output is read by programs
            for note in notes:
                typer.echo(f"Avertissement : {note}", err=True)
        started = time.perf_counter()
        try:
            engine = _engine_of(release, get_settings().matcher_cache_dir)
        except ReleaseError as error:
            raise InvalidInputError(str(error)) from error
        loaded = time.perf_counter()
        set_aside()
        # As a catalogue's own search is told: a label that fills its column is taken as cut.
        _engine = engine.with_knowledge(Knowledge(label_width=width_of(tests)))
        matching = time.perf_counter()
        with output.text() as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("row", "local_code", "rank", "loinc", "confidence"))
            for row, (test, answer) in enumerate(zip(tests, _answers(tests, top, workers), strict=True), start=1):
                for rank, loinc, confidence in answer:
                    writer.writerow((row, test.code, rank, loinc, f"{confidence:.6f}"))
        seconds = time.perf_counter() - matching
        if timing:
            report = {
                "rows": len(tests),
                "terms": len(engine.index.terms),
                "load_s": round(loaded - started, 3),
                "match_s": round(seconds, 3),
                "rows_per_s": round(len(tests) / seconds, 1) if seconds else 0.0,
                "peak_mb": _peak_mb(),
            }
            typer.echo(json.dumps(report), err=True)
