"""What a side file says of the analyses, joined to them by local code: one rule for every import of one.

Needs pandas, and is imported late: only by a plan that has a side file.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from app.files.reading import ReadLine
from app.files.values import boolean, volume

_TOLD = ["is_subcontracted", "is_retired", "annual_volume", "executing_laboratory"]


class SideTable:
    """The lines of a side file: what each says of the analyses of a code, missing where it says nothing."""

    def __init__(self, file_name: str, lines: Iterable[ReadLine]) -> None:
        read = list(lines)
        self.file_name = file_name
        self._lines = pd.DataFrame(
            {
                # Objects: codes and names stay the texts that they are.
                "code": pd.Series([line["code"] for line in read], dtype=object),
                "row_number": pd.Series([line.row_number for line in read], dtype="int64"),
                "is_subcontracted": pd.array([boolean(line["is_subcontracted"]) for line in read], dtype="boolean"),
                "is_retired": pd.array([boolean(line["is_retired"]) for line in read], dtype="boolean"),
                "annual_volume": pd.array([volume(line["annual_volume"]) for line in read], dtype="Int64"),
                "executing_laboratory": pd.Series(
                    [line["executing_laboratory"] or None for line in read], dtype=object
                ),
            }
        )
        self._kept = self._lines.drop_duplicates("code")
        """The first line of each code."""

    def __len__(self) -> int:
        """How many codes the file speaks of."""
        return len(self._kept)

    def repeats(self) -> list[tuple[str, int, int]]:
        """(code, row number, row number of its first line) of each line whose code an earlier line has."""
        later = self._lines.loc[self._lines.duplicated("code"), ["code", "row_number"]]
        both = later.merge(self._kept[["code", "row_number"]], on="code", suffixes=("", "_of_first"))
        return list(zip(*(both[name].tolist() for name in both), strict=True))

    def unknown_codes(self, known: Iterable[str]) -> list[str]:
        """The codes that are not among these, sorted."""
        codes = self._kept["code"]
        return sorted(codes[~codes.isin(list(known))].tolist())

    def told(self, analyses: Iterable[tuple[int, str]]) -> dict[int, dict[str, Any]]:
        """What is said of these analyses: (number, code) -> number -> field -> value, without what is not said.

        The order of the analyses counts: of several that a code serves, the first alone has its volume, which is
        said once and must not be counted several times.
        """
        asked = list(analyses)
        joined = pd.DataFrame(
            {"number": [number for number, _ in asked], "code": pd.Series([code for _, code in asked], dtype=object)}
        ).merge(self._kept, on="code", validate="many_to_one")
        joined.loc[joined.duplicated("code"), "annual_volume"] = pd.NA
        told: dict[int, dict[str, Any]] = {}
        for name in _TOLD:
            said = joined.loc[joined[name].notna(), ["number", name]]
            for number, value in zip(said["number"].tolist(), said[name].tolist(), strict=True):
                told.setdefault(number, {})[name] = value
        return told
