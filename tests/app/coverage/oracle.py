"""Coverage counted a second time, from plain CSV and with pandas alone: nothing of the application is imported here.

It follows the words of the definitions, not their code, so that both are wrong in the same way only by chance. Every
table holds many catalogues; each catalogue has its moment, in `moments.csv`.
"""

import io
from collections.abc import Mapping
from functools import lru_cache

import pandas as pd

Tables = Mapping[str, str]
"""Name of a file -> its CSV, as `LINES` of text cells."""
STATES = ["choose", "no_loinc", "out_of_scope", "doubt", "approve", "send_back"]
CHOICES = ["choose", "no_loinc", "out_of_scope", "doubt"]


def _table(tables: Tables, name: str) -> pd.DataFrame:
    return _read(tables[name])


@lru_cache(maxsize=32)
def _read(text: str) -> pd.DataFrame:
    """A file as a table, to be read only: many definitions are asked of the same files."""
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def _until(table: pd.DataFrame, moments: pd.DataFrame) -> pd.DataFrame:
    """The lines of each catalogue that are not later than its moment."""
    joined = table.merge(moments, on="catalogue")
    return joined[joined["at"] <= joined["moment"]]


def _newest(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return table.drop_duplicates(keys, keep="last")


def _rows(tables: Tables, moments: pd.DataFrame) -> pd.DataFrame:
    """The rows as they were: the newest value told of each column."""
    told = _newest(_until(_table(tables, "rows.csv"), moments), ["catalogue", "row"])
    return told.sort_values(["catalogue", "row"], key=lambda column: column.astype(int))


def _decided(tables: Tables, moments: pd.DataFrame) -> pd.DataFrame:
    """Row -> status, outcome, code, and the release in which the code was chosen."""
    facts = _until(_table(tables, "decisions.csv"), moments)
    undone = facts[facts["undoes"] != ""][["catalogue", "undoes"]].rename(columns={"undoes": "fact"})
    facts = facts.merge(undone.assign(is_undone="1"), on=["catalogue", "fact"], how="left")
    facts = facts[facts["is_undone"].isna() & facts["action"].isin(STATES)]
    last = _newest(facts, ["catalogue", "row"])[["catalogue", "row", "action"]]
    choice = _newest(facts[facts["action"].isin(CHOICES)], ["catalogue", "row"])
    choice = choice[["catalogue", "row", "action", "loinc", "release"]].rename(columns={"action": "choice"})
    state = choice.merge(last, on=["catalogue", "row"])
    words = {"approve": "approved", "send_back": "open", "doubt": "open"}
    state["status"] = [words.get(action, "decided") for action in state["action"]]
    held = _table(tables, "suspended.csv").merge(moments, on="catalogue")
    held = held[(held["from"] <= held["moment"]) & (held["moment"] < held["until"])]
    held = held[["catalogue", "row"]].drop_duplicates()
    state = state.merge(held.assign(held="1"), on=["catalogue", "row"], how="left")
    state.loc[(state["status"] == "approved") & state["held"].notna(), "status"] = "decided"
    return state[["catalogue", "row", "status", "choice", "loinc", "release"]]


def _in_force(tables: Tables, name: str, moments: pd.DataFrame, column: str) -> pd.DataFrame:
    return _newest(_until(_table(tables, name), moments), ["catalogue"])[["catalogue", column]]


def _check_digit_is_right(code: str) -> bool:
    body, _, digit = code.partition("-")
    total = 0
    for place, figure in enumerate(reversed(body)):
        value = int(figure) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return (10 - total % 10) % 10 == int(digit)


@lru_cache(maxsize=1)
def _as_they_were(files: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """Every row of every catalogue at its moment, whatever the choices, to be read only."""
    tables = dict(files)
    moments = _table(tables, "moments.csv")
    rows = _rows(tables, moments).merge(_decided(tables, moments), on=["catalogue", "row"], how="left")
    rows = rows.fillna({"status": "open", "choice": "", "loinc": "", "release": ""})
    service = _in_force(tables, "releases.csv", moments, "service")
    grace = _in_force(tables, "grace.csv", moments, "last_day")
    circuit = _in_force(tables, "lists.csv", moments, "list")
    return rows.merge(service, on="catalogue").merge(grace, on="catalogue").merge(circuit, on="catalogue")


def judged(tables: Tables, choices: Mapping[str, object]) -> pd.DataFrame:
    """Every row of every catalogue with `verdict`: done, out, or in (in the denominator, not done)."""
    rows = _as_they_were(tuple(tables.items())).copy()
    # The codes.
    terms = {(line.release, line.loinc): line.status for line in _table(tables, "terms.csv").itertuples()}
    members = {(line.list, line.loinc) for line in _table(tables, "members.csv").itertuples()}
    asked = rows["release"] if choices["releases"] == "of_decision" else rows["service"]
    status = [terms.get(key, "") for key in zip(asked, rows["loinc"], strict=True)]
    late = (rows["last_day"] != "") & (rows["moment"].str[:10] > rows["last_day"])
    never = choices["deprecated"] == "never"
    bad = [
        found == "DEPRECATED" and (never or (choices["deprecated"] == "until_grace" and is_late))
        for found, is_late in zip(status, late, strict=True)
    ]
    enough = ["approved", "decided"] if choices["statuses"] == "decided" else ["approved"]
    said = rows["status"].isin(enough)
    is_code = said & (rows["choice"] == "choose")
    # A local code with two answers has none.
    answers = rows[said & rows["choice"].isin(["choose", "no_loinc"]) & (rows["gone"] == "0")]
    several = answers.groupby(["catalogue", "level", "code"])["loinc"].nunique()
    several = set(several[several > 1].index)
    keys = list(zip(rows["catalogue"], rows["level"], rows["code"], strict=True))
    good = [
        bool(found) and not is_bad and loinc != "19146-0" and _check_digit_is_right(loinc) and key not in several
        for found, is_bad, loinc, key in zip(status, bad, rows["loinc"], keys, strict=True)
    ]
    if choices["circuit_only"]:
        listed = [key in members for key in zip(rows["list"], rows["loinc"], strict=True)]
        good = [ok and is_listed for ok, is_listed in zip(good, listed, strict=True)]
    done = is_code & pd.Series(good, index=rows.index, dtype=bool)
    out = rows["gone"] == "1"
    if not choices["with_retired"]:
        out |= rows["retired"] == "1"
    if choices["out_of_scope_leaves"]:
        out |= said & (rows["choice"] == "out_of_scope")
    if choices["no_code_leaves"]:
        out |= said & (rows["choice"] == "no_loinc")
    rows["verdict"] = "in"
    rows.loc[done, "verdict"] = "done"
    rows.loc[out, "verdict"] = "out"
    return rows


def _by_analyses(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """The exams, judged by the analyses that they hold; `rows` are judged by themselves."""
    links = _table(tables, "links.csv")
    analyses = rows[rows["level"] == "analysis"][["catalogue", "row", "gone", "verdict"]]
    found = links.merge(analyses, left_on=["catalogue", "analysis"], right_on=["catalogue", "row"], how="left")
    lost = found["verdict"].isna() | (found["gone"] == "1")
    found["wanted"] = lost | (found["verdict"] != "out")
    found["done"] = ~lost & (found["verdict"] == "done")
    keys = ["catalogue", "exam"]
    sums = found.groupby(keys)["wanted"].any().to_frame("some")
    every = found[found["wanted"]].groupby(keys)["done"].all()
    sums["all"] = every.reindex(sums.index, fill_value=True)
    exams = rows[rows["level"] == "exam"].merge(
        sums.reset_index(), left_on=["catalogue", "row"], right_on=["catalogue", "exam"], how="left"
    )
    verdicts = []
    for own, some, every in zip(exams["verdict"], exams["some"], exams["all"], strict=True):
        if own == "out" or some is False:
            verdicts.append("out")
        else:
            verdicts.append("done" if some is True and every is True else "in")
    return exams.assign(verdict=verdicts)


def figures(tables: Tables, choices: Mapping[str, object]) -> dict[str, tuple[int, int, int]]:
    """Catalogue -> (numerator, denominator, rows missing to reach 80 %)."""
    rows = judged(tables, choices)
    if choices["level"] == "exam":
        by_analyses = choices["exam_rule"] == "all_analyses"
        rows = _by_analyses(tables, rows) if by_analyses else rows[rows["level"] == "exam"]
    else:
        rows = rows[rows["level"] == "analysis"]
    if not choices["with_subcontracted"]:
        rows = rows[rows["subcontracted"] == "0"]
    rows = rows[rows["verdict"] != "out"]
    by_volume = choices["measure"] == "volume"
    if by_volume:
        rows = rows[rows["volume"] != ""]
    weights: dict[str, list[tuple[int, bool]]] = {}
    for catalogue, volume, verdict in zip(rows["catalogue"], rows["volume"], rows["verdict"], strict=True):
        weights.setdefault(catalogue, []).append((int(volume) if by_volume else 1, verdict == "done"))
    found = {}
    for catalogue in _table(tables, "moments.csv")["catalogue"]:
        mine = weights.get(catalogue, [])
        top = sum(weight for weight, is_done in mine if is_done)
        bottom = sum(weight for weight, _ in mine)
        missing, reached = 0, top
        for weight in sorted((weight for weight, is_done in mine if not is_done), reverse=True):
            if 5 * reached >= 4 * bottom:
                break
            reached, missing = reached + weight, missing + 1
        found[catalogue] = (top, bottom, missing)
    return found
