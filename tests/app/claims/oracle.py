"""Every figure of a pack by pandas, from the CSV files of facts alone; nothing of the application is imported."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

TABLES = ("rows", "decisions", "changes", "exams", "readings", "reconciliations", "grace", "releases", "codes",
          "definitions")  # fmt: skip
LAST_OF_TIME = "0001-01-01T00:00:00.000000Z"


def tables_in(folder: Path) -> dict[str, pd.DataFrame]:
    found = {}
    for name in TABLES:
        table = pd.read_csv(folder / f"{name}.csv", sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
        found[name] = table.map(lambda text: text.removeprefix("'"))
    return found


def midnight_after(day: str) -> str:
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    return f"{end.tz_localize(ZoneInfo('Europe/Paris')).tz_convert('UTC').strftime('%Y-%m-%dT%H:%M:%S.%f')}Z"


def has_right_key(code: str) -> bool:
    if code.count("-") != 1 or not code.replace("-", "").isascii() or not code.replace("-", "").isdigit():
        return False
    body, check = code.split("-")
    if not 1 <= len(body) <= 7 or len(check) != 1:
        return False
    doubled = [int(sign) * 2 if place % 2 == 0 else int(sign) for place, sign in enumerate(reversed(body))]
    return (sum(value // 10 + value % 10 for value in doubled) + int(check)) % 10 == 0


def states(tables: dict[str, pd.DataFrame], moment: str) -> pd.DataFrame:
    """Row -> status, outcome, code and the release of the choice."""
    facts = tables["decisions"]
    facts = facts[facts["at"] <= moment]
    undone = set(facts["undoes"])
    facts = facts[~facts["fact"].isin(undone)]
    choices = facts[facts["action"].isin(["choose", "no_loinc", "out_of_scope", "doubt"])].groupby("row").tail(1)
    judged = ["choose", "no_loinc", "out_of_scope", "doubt", "approve", "send_back", "reimport"]
    last = facts[facts["action"].isin(judged)].groupby("row").tail(1)[["row", "action"]]
    found = choices.merge(last, on="row", suffixes=("", "_last")).set_index("row")
    status = {"approve": "approved", "send_back": "sent_back", "reimport": "sent_back", "doubt": "doubt"}
    outcome = {"choose": "code", "no_loinc": "no_loinc", "out_of_scope": "out_of_scope"}
    found["status"] = [status.get(action, "decided") for action in found["action_last"]]
    found["outcome"] = [outcome.get(action, "") for action in found["action"]]
    found["code"] = [code if what == "code" else "" for code, what in zip(found["loinc_num"], found["outcome"],
                                                                           strict=True)]  # fmt: skip
    said = tables["readings"]
    said = said[(said["is_agreement"] == "non") & (said["read_at"] <= moment) & (said["reading"] != "")]
    ends = tables["reconciliations"]
    ends = ends[(ends["at"] <= moment) & ~ends["decision"].isin(undone)]
    open_rows = set(said[~said["reading"].isin(ends["reading"])]["row"])
    waits = found.index.isin(open_rows) & (found["status"] == "approved")
    found.loc[waits, "status"] = "decided"
    return found[["status", "outcome", "code", "release"]]


def rows_at(tables: dict[str, pd.DataFrame], moment: str) -> tuple[pd.DataFrame, dict[str, list[tuple[str, str]]]]:
    """Rows and contents of exams, what came later taken back."""
    rows = tables["rows"][tables["rows"]["level"] != "subchapter"].set_index("row")
    inside: dict[str, list[tuple[str, str]]] = {}
    for line in tables["exams"].itertuples():
        inside.setdefault(line.exam, []).append((line.analysis_code, line.analysis))
    later = tables["changes"][tables["changes"]["at"] > moment]
    concerned: set[str] = set()
    for change in later.iloc[::-1].itertuples():
        if change.row not in rows.index:
            continue
        concerned.add(change.row)
        if change.kind == "added":
            rows = rows.drop(change.row)
        elif change.field == "analyses":
            if not change.old.endswith("…"):
                inside[change.row] = [(code, "") for code in change.old.split(", ") if code]
        elif change.field:
            if change.field in rows.columns:
                rows.loc[change.row, change.field] = change.old
        elif change.kind == "removed":
            rows.loc[change.row, ["retired_at", "is_retired"]] = ["", "non"]
        elif change.kind == "returned":
            rows.loc[change.row, ["retired_at", "is_retired"]] = [LAST_OF_TIME, "oui"]
    if concerned:
        here = rows[(rows["level"] == "analysis") & (rows["retired_at"] == "")].reset_index()
        by_code = here.drop_duplicates("code").set_index("code")["row"].to_dict()
        there = set(rows[rows["retired_at"] == ""].index)
        for exam, held in list(inside.items()):
            linked = [(code, row if row in there else by_code.get(code, "")) for code, row in held]
            inside[exam] = linked
            names = {exam} | {row for _, row in held} | {row for _, row in linked}
            if exam in rows.index and linked and names & concerned:
                found = rows.reindex([row for _, row in linked])
                rows.loc[exam, "is_subcontracted"] = "oui" if (found["is_subcontracted"] == "oui").all() else "non"
                over = (found["is_retired"] == "oui").all() or rows.loc[exam, "retired_at"] != ""
                rows.loc[exam, "is_retired"] = "oui" if over else "non"
    return rows, inside


class Oracle:
    """A pack at a moment."""

    def __init__(self, folder: Path, moment: str) -> None:
        self.tables = tables = tables_in(folder)
        rows, self.inside = rows_at(tables, moment)
        heads = rows[rows["level"] == "chapter"].drop_duplicates("code", keep="last")
        chapters = dict(zip(heads["code"], heads["label"], strict=True))
        rows = rows[rows["level"] != "chapter"].copy()
        named = zip(rows["chapter"], rows["chapter_code"], strict=True)
        rows["of"] = [name or chapters.get(code, code) for name, code in named]
        taken: dict[str, str] = {}
        for exam, held in self.inside.items():
            for _, row in held:
                if row and exam in rows.index and rows.loc[exam, "of"]:
                    taken.setdefault(row, rows.loc[exam, "of"])
        rows["of"] = [name or taken.get(row, "") for row, name in rows["of"].items()]
        rows = rows.rename(columns={"code": "local"})
        known = states(tables, moment).to_dict("index")
        for name, none in (("status", "todo"), ("outcome", ""), ("code", ""), ("release", "")):
            rows[name] = [known[row][name] if row in known else none for row in rows.index]
        named = zip(rows["level"], rows["local"], rows.index, strict=True)
        rows["key"] = [f"{level}|{' '.join(code.split()) or chr(0) + row}" for level, code, row in named]
        self.rows = rows
        served = tables["releases"][tables["releases"]["since"] <= moment]
        self.release = served.iloc[-1]["release"] if len(served) else ""
        rule = tables["grace"][tables["grace"]["at"] <= moment]
        day = rule.iloc[-1]["last_day"] if len(rule) else ""
        self.is_over = bool(day) and moment >= midnight_after(day)
        self.judged: dict[tuple[str, ...], pd.Series] = {}

    def figures(self) -> list[dict[str, Any]]:
        """A figure a definition, in the order of the file."""
        return [self.figure(line) for line in self.tables["definitions"].to_dict("records")]

    def standing(self, line: dict[str, str]) -> pd.Series:
        """Row -> where it stands under a definition."""
        key = tuple(line[name] for name in ("statuses", "with_retired", "releases", "deprecated", "circuit_only"))
        if key not in self.judged:
            self.judged[key] = self._standing(line)
        return self.judged[key]

    def _standing(self, line: dict[str, str]) -> pd.Series:
        rows = self.rows
        status = rows["status"]
        if line["statuses"] == "decided":
            status = status.replace("decided", "approved")
        gone = rows["retired_at"] != ""
        over = (rows["is_retired"] == "oui") & ~((line["with_retired"] == "oui") & ~gone)
        held = set(rows[~gone]["key"])
        used = ~gone | ((status == "approved") & (rows["code"] != "") & ~rows["key"].isin(held))
        approved = used & (status == "approved")
        answers = rows[approved & rows["outcome"].isin(["code", "no_loinc"])].groupby("key")["code"].nunique()
        codes = self.tables["codes"].set_index(["release", "loinc_num"])["status"].to_dict()
        circuit = set(self.tables["codes"].query("in_circuit == 'oui'")["loinc_num"])
        found = {}
        for row in rows.index:
            item = rows.loc[row]
            found[row] = "retired"
            if not used[row] or over[row]:
                continue
            if status[row] != "approved":
                found[row] = "waiting" if status[row] == "decided" else "unfinished"
            elif item["outcome"] != "code":
                found[row] = {"out_of_scope": "out_of_scope", "no_loinc": "no_code"}.get(item["outcome"], "unfinished")
            else:
                release = item["release"] if line["releases"] == "of_decision" else self.release
                known = codes.get((release, item["code"]))
                if known is None or not has_right_key(item["code"]):
                    found[row] = "placeholder" if item["code"] == "19146-0" else "not_in_release"
                elif known == "DEPRECATED" and (
                    line["deprecated"] == "never" or (line["deprecated"] == "until_grace" and self.is_over)
                ):
                    found[row] = "deprecated"
                elif answers[item["key"]] > 1:
                    found[row] = "several_codes"
                elif item["code"] == "19146-0":
                    found[row] = "placeholder"
                elif line["circuit_only"] == "oui" and item["code"] not in circuit:
                    found[row] = "outside_circuit"
                else:
                    found[row] = "transcoded"
        return pd.Series(found, dtype=object).reindex(rows.index)

    def figure(self, line: dict[str, str], chapter: str | None = None) -> dict[str, Any]:
        """Numerator, denominator, rows missing to 80 % and how rows stand."""
        stands = self.standing(line)
        leaving = {"retired"}
        leaving |= {"out_of_scope"} if line["out_of_scope_leaves"] == "oui" else set()
        leaving |= {"no_code"} if line["no_code_leaves"] == "oui" else set()
        rows = self.rows[self.rows["level"] == line["level"]]
        if line["with_subcontracted"] == "non":
            rows = rows[rows["is_subcontracted"] != "oui"]
        if chapter is not None:
            rows = rows[rows["of"] == chapter]
        counts, done = 0, 0
        unknown = emptied = counted = 0
        left: list[int] = []
        for row, item in rows.iterrows():
            is_done = stands[row] == "transcoded"
            if line["level"] == "exam" and line["exam_rule"] == "all_analyses":
                names = [name for _, name in self.inside.get(row, [])]
                inside = [] if "" in names else [stands.get(name, "unfinished") for name in names]
                wanted = [one for one in inside if one not in leaving]
                is_done = bool(wanted) and all(one == "transcoded" for one in wanted)
                if inside and not wanted:
                    emptied += stands[row] not in leaving
                    continue
            if stands[row] in leaving:
                continue
            if line["measure"] == "volume" and item["annual_volume"] == "":
                unknown += 1
                continue
            weight = int(item["annual_volume"]) if line["measure"] == "volume" else 1
            counted, counts, done = counted + 1, counts + weight, done + (weight if is_done else 0)
            if not is_done:
                left.append(weight)
        left.sort(reverse=True)
        missing, reached = 0, done
        while missing < len(left) and reached * 5 < counts * 4:
            reached += left[missing]
            missing += 1
        return {
            "numerator": done, "denominator": counts, "rows_counted": counted, "rows_missing": missing,
            "rows_without_volume": unknown, "rows_emptied": emptied,
            "standings": stands.reindex(rows.index).value_counts().to_dict(),
        }  # fmt: skip


def carried_in(folder: Path) -> dict[str, Any]:
    """What emitted reports carried, from the counts of a run alone."""
    name = folder / "effective_counts.csv"
    lines = pd.read_csv(name, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    lines = lines.map(lambda text: text.removeprefix("'"))
    lines["n"] = lines["results"].astype(int)
    words = lines["findings"].str.split()

    def told(word: str) -> pd.Series:
        return pd.Series([word in said for said in words], index=lines.index, dtype=bool)

    lines["good"] = told("effective")
    coded = lines[lines["local_code"] != ""].groupby("local_code")["good"].all()
    names = lines["chapter"].replace("", "Sans chapitre")
    names = names.mask(told("not_in_catalogue"), "Hors du catalogue").mask(told("no_local_code"), "Sans code local")
    sums = lines.assign(chapter=names, done=lines["n"].where(lines["good"], 0)).groupby("chapter")[["done", "n"]].sum()
    exploded = lines.assign(word=words).explode("word").dropna(subset=["word"])
    return {
        "results": int(lines["n"].sum()),
        "effective": int(lines.loc[lines["good"], "n"].sum()),
        "with_loinc_alone": int(lines.loc[lines["good"] | told("no_local_code_approved"), "n"].sum()),
        "local_codes": (int(coded.sum()), len(coded)),
        "chapters": {name: (int(row["done"]), int(row["n"])) for name, row in sums.iterrows()},
        "findings": {name: int(count) for name, count in exploded.groupby("word")["n"].sum().items()},
    }
