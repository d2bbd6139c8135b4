"""Catalogues of any size, from the rows of the demonstration."""

import csv
import io

from app.demonstration.service import demonstration_files

SPECIMENS = ("Sérum", "Sang total", "Urines", "Plasma citraté")


def catalogue_csv(rows: int, prefix: str) -> bytes:
    """`rows` analyses of the demonstration, each time round under other codes and labels."""
    source = next(path for path in demonstration_files() if path.name.startswith("LOINC_3"))
    lines = list(csv.DictReader(io.StringIO(source.read_text("utf-8-sig")), delimiter=";"))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(("code", "libelle", "unite", "milieu", "technique"))
    for number in range(rows):
        turn, place = divmod(number, len(lines))
        line = lines[place]
        label = line["Libellé analyse"] + (f" - poste {turn + 1}" if turn else "")
        code = f"{prefix}{line['Code analyse']}-{turn}"
        writer.writerow(
            (code, label, line["Libellé unité principale"], line["Libellé milieu"], line["Technique"])
        )
    return text.getvalue().encode()
