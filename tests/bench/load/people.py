"""The people of the load, in a process of their own: `python -m tests.bench.load.people < plan.json > outcome.json`.

Each works as a person does: opens a list, reads a case, thinks, answers, gets the next. What the server told each of
them is kept, to be compared afterwards with what the database holds.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx2

from app.platform.web_sessions import SESSION_COOKIE
from tests.bench.load.catalogue_text import catalogue_csv

DECISION_FORM = re.compile(r'action="([^"]*/revue/(\d+)/decision[^"]*)"')
VERSION = re.compile(r'name="version" value="(\d+)"')
CANDIDATE = re.compile(r'<input type="radio" name="loinc_num" value="([^"]*)"([^>]*)>')
TICK = re.compile(r'name="choix" value="(\d+:\d+)"')
CONFIRMED = re.compile(r'<input type="hidden" name="choix" value="(\d+:\d+)">')
APPROVED = re.compile(r"<strong>(\d+) lignes? approuvées?</strong>")
FACT = re.compile(r"[?&]fait=(\d+)")
CASE = re.compile(r'href="([^"]*/revue/\d+[^"/]*)"')
JSON = {"Accept": "application/json"}
LISTS = ("", "&milieu=S%C3%A9rum", "&milieu=Sang+total", "&milieu=Urines", "&tri=-libelle")
"""How the people of one catalogue share it out."""


@dataclass
class Ledger:
    """What the server answered: times by kind of request, statuses, and the facts that it acknowledged."""

    times: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    decided: list[tuple[int, int, str]] = field(default_factory=list)
    """(fact, row, action), as acknowledged."""
    approved: dict[str, int] = field(default_factory=dict)
    """Approvals acknowledged, by person."""
    imported: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass
class Person:
    """One browser: a session, a catalogue, and a way of working."""

    client: httpx2.AsyncClient
    name: str
    cookie: str
    address: str
    ledger: Ledger
    draw: random.Random
    think: float
    end: float

    async def ask(self, kind: str, method: str, path: str, **sent: Any) -> httpx2.Response | None:
        """One request, timed; None when the connection failed."""
        headers = {"Cookie": f"{SESSION_COOKIE}={self.cookie}", "Sec-Fetch-Site": "same-origin"}
        headers |= sent.pop("headers", {})
        start = time.perf_counter()
        try:
            answer = await self.client.request(method, self.address + path, headers=headers, **sent)
        except httpx2.HTTPError as error:
            self.ledger.errors.append(f"{kind}: {type(error).__name__} {error}")
            return None
        self.ledger.times.setdefault(kind, []).append(1000 * (time.perf_counter() - start))
        self.ledger.statuses[f"{kind} {answer.status_code}"] += 1
        if answer.status_code >= 500:
            self.ledger.errors.append(f"{kind} {path}: {answer.status_code}")
        return answer

    async def pause(self) -> bool:
        """Think; whether there is still time afterwards."""
        await asyncio.sleep(self.draw.uniform(0.5, 1.5) * self.think)
        return time.monotonic() < self.end


async def transcode(person: Person, catalogue: int, query: str) -> None:
    """Decide row after row, in the order that the server gives."""
    await asyncio.sleep(person.draw.uniform(0, person.think))
    case: str | None = None
    while time.monotonic() < person.end:
        if case is None:
            page = await person.ask("file de revue", "GET", f"/catalogues/{catalogue}/revue{query}")
            links = CASE.findall(page.text) if page is not None and page.status_code == 200 else []
            if not links:
                if not await person.pause():
                    return
                continue
            case = unescape(person.draw.choice(links[:20]))
        page = await person.ask("cas", "GET", case)
        case = None
        form = DECISION_FORM.search(page.text) if page is not None and page.status_code == 200 else None
        if not await person.pause():
            return
        if page is None or form is None:
            continue
        # What comes before the form may be that of undoing the decision just made.
        case = await _decide(person, page.text[form.start() :], unescape(form[1]), int(form[2]))


async def _decide(person: Person, page: str, action: str, row: int) -> str | None:
    version = VERSION.search(page)
    chosen = [code for code, rest in CANDIDATE.findall(page) if "checked" in rest and "data-blocking" not in rest]
    data = {"version": version[1] if version else "0"}
    if chosen and chosen[0] and person.draw.random() < 0.9:
        data |= {"action": "choose", "loinc_num": chosen[0]}
    else:
        data |= {"action": "no_loinc", "reason": "Aucun code LOINC ne convient"}
    answer = await person.ask("décision", "POST", action, data=data, headers=JSON)
    if answer is not None and answer.status_code not in (200, 303):
        person.ledger.statuses[f"décision refusée : {answer.text[:160]}"] += 1
    if answer is None or answer.status_code != 200:
        return None
    address = answer.json()["next_url"]
    fact = FACT.search(address)
    if fact is not None:
        person.ledger.decided.append((int(fact[1]), row, data["action"]))
    return str(address) if "/revue/" in address else None


async def approve(person: Person, catalogue: int) -> None:
    """Approve what waits, a handful at a time."""
    await asyncio.sleep(person.draw.uniform(0, person.think))
    path = f"/catalogues/{catalogue}/approbation"
    person.ledger.approved.setdefault(person.name, 0)
    while time.monotonic() < person.end:
        page = await person.ask("liste d'approbation", "GET", path)
        ticks = TICK.findall(page.text)[:12] if page is not None and page.status_code == 200 else []
        if not await person.pause():
            return
        if ticks:
            await _approve_batch(person, path, ticks)


async def _approve_batch(person: Person, path: str, ticks: list[str]) -> None:
    """Ask, read the page that names what would be approved, confirm it, read what became of it."""
    page = await person.ask("confirmation d'un lot", "POST", path, data={"choix": ticks})
    confirmed = CONFIRMED.findall(page.text) if page is not None and page.status_code == 200 else []
    if not confirmed or not await person.pause():
        return
    answer = await person.ask("approbation en lot", "POST", path, data={"choix": confirmed, "confirme": "oui"})
    if answer is None or answer.status_code != 303:
        return
    batch = await person.ask("lot approuvé", "GET", answer.headers["location"])
    done = APPROVED.search(batch.text) if batch is not None and batch.status_code == 200 else None
    if done is None:
        person.ledger.errors.append(f"lot approuvé: {batch.status_code if batch is not None else 'no answer'}")
    else:
        person.ledger.approved[person.name] += int(done[1])


async def bring_in(person: Person, laboratory: int, rows: int) -> None:
    """Import one catalogue after the other, and wait for the proposals of each."""
    number = 0
    while time.monotonic() < person.end:
        number += 1
        name = f"{person.name} {number}"
        files = {"fichiers": (f"{name}.csv", catalogue_csv(rows, f"I{number}-"), "text/csv")}
        path = f"/laboratoires/{laboratory}/importer"
        answer = await person.ask("envoi d'un fichier", "POST", path, data={"nom": name}, files=files)
        if answer is None or answer.status_code != 303:
            if not await person.pause():
                return
            continue
        draft = answer.headers["location"]
        await person.ask("aperçu d'un fichier", "GET", draft)
        answer = await person.ask("confirmation d'un import", "POST", f"{draft}/confirmer", data={"x": "1"})
        if answer is None or answer.status_code != 303:
            continue
        person.ledger.imported += 1
        await _proposed(person, answer.headers["location"])


async def _proposed(person: Person, place: str) -> None:
    """Watch what an import leads to, as its owner does, until nothing is in progress any more."""
    while await person.pause():
        page = await person.ask("suivi d'un import", "GET", place)
        if page is not None and page.status_code == 303:
            place = page.headers["location"]
            continue
        jobs = re.findall(r"/travaux/(\d+)", page.text) if page is not None and page.status_code == 200 else []
        states = [await person.ask("suivi d'un travail", "GET", f"/travaux/{job}/etat") for job in sorted(set(jobs))]
        # Each step asks for the next one as it ends: there is no moment without a job before the last one is over.
        if all(state is None or state.status_code != 200 or state.json()["is_over"] for state in states):
            return


async def work(plan: dict[str, Any]) -> dict[str, Any]:
    """Everybody at once, until the end."""
    ledger = Ledger()
    end = time.monotonic() + plan["seconds"]
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=60, follow_redirects=False, limits=limits) as client:
        tasks = []
        at_work: Counter[int] = Counter()
        for number, one in enumerate(plan["people"]):
            address = plan["servers"][number % len(plan["servers"])]
            person = Person(
                client, one["name"], one["cookie"], address, ledger, random.Random(number), plan["think"], end
            )
            if one["job"] == "transcode":
                mine = LISTS[at_work[one["catalogue"]] % len(LISTS)]
                at_work[one["catalogue"]] += 1
                tasks.append(transcode(person, one["catalogue"], f"?etat=a-traiter{mine}"))
            elif one["job"] == "approve":
                tasks.append(approve(person, one["catalogue"]))
            else:
                tasks.append(bring_in(person, one["laboratory"], plan["import_rows"]))
        await asyncio.gather(*tasks)
    return {
        "times": ledger.times,
        "statuses": ledger.statuses,
        "decided": ledger.decided,
        "approved": ledger.approved,
        "imported": ledger.imported,
        "errors": ledger.errors,
        "cpu_seconds": time.process_time(),
    }


if __name__ == "__main__":
    json.dump(asyncio.run(work(json.load(sys.stdin))), sys.stdout)
