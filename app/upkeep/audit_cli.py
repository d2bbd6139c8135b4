"""The command `verify-audit`."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from app.audit.heads import of_chain, read_heads, write_heads
from app.audit.verification import Verdict
from app.console.exit_codes import ExitCode
from app.console.streams import InputFile, OutputFile
from app.errors import WorkbenchError
from app.models.base import utc_now
from app.platform.database import reading
from app.platform.migrations import current_revision, head_revision
from app.settings import get_settings
from app.text import counted, format_number
from app.upkeep.audit_check import ADDED, BEFORE, BLIND, audit
from app.upkeep.doctor import examined_engine
from app.upkeep.server import NOT_MIGRATED


def register(cli: typer.Typer) -> None:
    """Add the command."""

    @cli.command("verify-audit")
    def verify_audit(
        as_json: Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON.")] = False,
        head: Annotated[
            InputFile | None,
            typer.Option("--head", parser=InputFile, metavar="FICHIER", help="Têtes gardées ailleurs, à comparer."),
        ] = None,
        write_head: Annotated[
            OutputFile | None,
            typer.Option(
                "--write-head", parser=OutputFile, metavar="FICHIER", help="Écrit les têtes, si tout est conforme."
            ),
        ] = None,
    ) -> None:
        """Vérifie que chaque fait est tel qu'il fut écrit, sans rien modifier, et dit où il ne l'est pas."""
        kept = []
        if head is not None:
            with head.on_disk() as path:
                kept = read_heads(path.read_bytes(), head.given)
        with examined_engine(get_settings()) as engine:
            if current_revision(engine) != head_revision():
                raise WorkbenchError(NOT_MIGRATED)
            with reading(engine) as session:
                verdict = audit(session, kept)
        is_well = not verdict.findings
        # Standard output is one of the two: the other speaks beside it.
        beside = write_head is not None and write_head.is_standard
        if as_json:
            typer.echo(json.dumps(_as_json(verdict, bool(kept)), ensure_ascii=False, indent=2), err=beside)
        else:
            for line in _lines(verdict, bool(kept)):
                typer.echo(line, err=beside)
        if write_head is not None and is_well:
            with write_head.binary() as output:
                output.write(write_heads(verdict.heads, utc_now()))
            typer.echo(f"Têtes écrites dans « {write_head} ».", err=as_json or beside)
        if not is_well:
            raise typer.Exit(ExitCode.REFUSED)


def _lines(verdict: Verdict, is_compared: bool) -> list[str]:
    lines = [f"{item.sentence}." for item in verdict.findings]
    lines += [f"Tête {of_chain(head.name)} : {head.sentence}." for head in verdict.heads]
    if verdict.erased:
        lines.append(f"Textes effacés selon les règles : {format_number(verdict.erased)}.")
    if verdict.sealed:
        lines.append(BEFORE.format(format_number(verdict.sealed)))
    read = f"{counted(verdict.facts, 'fait', 'faits')}, {counted(verdict.links, 'maillon', 'maillons')}"
    lines.append("Les chaînes prolongent les têtes gardées." if is_compared and not verdict.findings else "")
    lines += [ADDED] if is_compared else [BLIND, ADDED]
    lines.append(
        f"Anomalies : {len(verdict.findings)} ({read})." if verdict.findings else f"Tout est tel qu'écrit ({read})."
    )
    return [line for line in lines if line]


def _as_json(verdict: Verdict, is_compared: bool) -> dict[str, object]:
    return {
        "is_well": not verdict.findings,
        "findings": [asdict(item) for item in verdict.findings],
        "heads": [asdict(head) for head in verdict.heads],
        "facts": verdict.facts,
        "links": verdict.links,
        "erased": verdict.erased,
        "sealed": verdict.sealed,
        "compared_with_kept_heads": is_compared,
        "not_seen": [ADDED] if is_compared else [BLIND, ADDED],
    }
