"""Files of every sort about marked persons, and the same with a mark in any one of their places."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.app.emitted import cda_documents as cda
from tests.app.emitted.makers import GLUCOSE, IONOGRAM, SODIUM
from tests.app.emitted.messages import ed, msh, text
from tests.app.emitted.resources import LOINC, OURS, Json, as_xml, bundle, composition, diagnostic, observation, section

NAME, NUMBER, BIRTH = "Zorglubine", "279035121518989", "19790328"
MARKS = (NAME, NUMBER, BIRTH, "1979-03-28", "28/03/1979")
"""What must never leave, in any case of letters."""
UNIT = f"nmol/{{{NAME}}}/24h"
"""A unit whose dimension can be told, although an annotation says whose it is."""


def marks_in(data: bytes) -> list[str]:
    """The marks that stand in these bytes."""
    lowered = data.lower()
    encodings = ("utf-8", "utf-16-le")
    return [mark for mark in MARKS if any(mark.lower().encode(encoding) in lowered for encoding in encodings)]


def hl7v2(codes: tuple[str, str] = ("NA", "GLU")) -> str:
    """Two messages about two persons."""
    return "".join(
        text(
            msh(time=f"2026030110000{at}"),
            f"PID|1||{number}^^^LABO^PI||{name}^Maëlys^^^Mme||{birth}|F|||3 rue {name}^^VILLE^^75001||0102030405",
            f"NK1|1|{name}^Yvon|SPO",
            f"PV1|1|O|UF1||||{number}^{name}^Doc|||||||||||{number}",
            f"ORC|RE|P{at}|F{at}|||||||{name}||{number}^{name}",
            f"OBR|1|P{at}|F{at}|{IONOGRAM}^Ionogramme^LN|||20260301||||||||{number}^{name}||||||||F||||||{name}",
            f"OBX|1|NM|{SODIUM}^Sodium {name}^LN^{codes[0]}^Sodium^L||140|mmol/L|135-145|N|||F|||20260301|{name}",
            f"OBX|2|NM|{codes[1]}^Glucose^L||5|mmol/L|||||F",
            f"NTE|1||{name} née le {birth}",
            ed(document(at, name, number, birth), codes="34133-9^Note^LN") if at == 3 else f"ZZZ|{name}|{number}",
        )
        for at, (name, number, birth) in enumerate(PERSONS, 1)
    )


PERSONS = ((NAME, NUMBER, BIRTH), ("Quidamova", "180027512345622", "19800214"))


def document(at: int, name: str, number: str, birth: str, codes: tuple[str, str] = ("NA", "GLU")) -> str:
    """A clinical document."""
    made = cda.document(
        cda.chapter(
            cda.act(
                cda.battery(
                    cda.observation(cda.code(SODIUM, inner=cda.code(codes[0], cda.LOCAL, tag="translation"))),
                    coded=cda.code(IONOGRAM),
                ),
                cda.observation(cda.code(codes[1], cda.LOCAL), cda.quantity("5", "mmol/L")),
            )
        ),
        identifier=f"1.2.3.{at}",
        set_id=f"1.2.4.{at}",
        person=name,
    )
    return made.replace(cda.NUMBER, number).replace("19790328", birth)


def documents(codes: tuple[str, str] = ("NA", "GLU")) -> str:
    """Two clinical documents in one file, about two persons."""
    return "<lot>" + "".join(document(at, *person, codes) for at, person in enumerate(PERSONS, 1)) + "</lot>"


def fhir(codes: tuple[str, str] = ("NA", "GLU")) -> Json:
    """Two reports in one Bundle, about two persons, with a document beside them."""
    resources: list[Json] = []
    for at, (name, number, birth) in enumerate(PERSONS, 1):
        about: dict[str, Any] = {"subject": {"reference": f"Patient/{at}", "display": name}}
        resources += [
            {
                "resourceType": "Patient",
                "id": f"{at}",
                "identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": number}],
                "name": [{"family": name, "given": ["Maëlys"], "text": f"Mme {name}"}],
                "birthDate": f"{birth[:4]}-{birth[4:6]}-{birth[6:]}",
                "address": [{"line": [f"3 rue {name}"], "city": "Ville"}],
                "telecom": [{"system": "email", "value": f"{name}@exemple.fr"}],
                "text": {"status": "generated", "div": f"<div>{name}</div>"},
            },
            diagnostic(
                f"r{at}", f"Observation/na{at}", f"Observation/glu{at}", issued="2026-03-01T10:00:00Z",
                identifier=[{"system": "s", "value": f"26-{at}"}], performer=[{"display": f"Dr {name}"}],
                conclusion=f"{name} va bien", **about,
            ),
            observation(f"na{at}", (LOINC, SODIUM), (OURS, codes[0]), note=[{"text": name}], **about),
            observation(f"glu{at}", (OURS, codes[1]), unit="g/L", **about),
        ]  # fmt: skip
    resources.append(
        composition("c", section(IONOGRAM, "Observation/extra"), author=[{"display": NAME}], title=f"CR de {NAME}")
    )
    resources.append(observation("extra", (LOINC, GLUCOSE), (OURS, "GLU")))
    return bundle(*resources, timestamp="2026-03-01T10:00:00Z")


def carried(content: str) -> Json:
    """A document in a Binary, and what describes it."""
    described = {
        "resourceType": "DocumentReference",
        "id": NAME,
        "description": NAME,
        "subject": {"display": NAME},
        "masterIdentifier": {"value": NUMBER},
        "content": [{"attachment": {"title": NAME, "url": "Binary/1"}}],
    }
    data = base64.b64encode(content.encode()).decode()
    return bundle(described, {"resourceType": "Binary", "id": "1", "data": data})


def package(content: str) -> bytes:
    """An archive of these documents, whose names tell of somebody."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(f"IHE_XDM/SUBSET01/{NAME}.XML", content)
        archive.writestr(f"IHE_XDM/{NAME}.PDF", f"%PDF {NAME}")
        archive.writestr("IHE_XDM/SUBSET01/METADATA.XML", f"<a>{NAME}</a>")
    return held.getvalue()


def whole_files(codes: tuple[str, str]) -> dict[str, bytes]:
    """A file of each sort with these local codes."""
    encapsulated = ed(documents(codes).replace("<lot>", "").replace("</lot>", "").split("</ClinicalDocument>")[0]
                      + "</ClinicalDocument>")  # fmt: skip
    lines = [json.dumps(entry["resource"]).encode() for entry in fhir(codes)["entry"]]
    return {
        "hl7v2": hl7v2(codes).encode(),
        "hl7v2 latin": hl7v2(codes).replace("UNICODE UTF-8", "8859/1").encode("latin-1"),
        "mllp": b"\x0b" + hl7v2(codes).encode() + b"\x1c\r",
        "hl7v2 with a document": text(msh(), f"PID|1||{NUMBER}||{NAME}", "ORC|RE|1|2", "OBR|1|1|2|A^B^L", encapsulated)
        .encode(),
        "cda": documents(codes).encode(),
        "xdm": package(document(1, *PERSONS[0], codes)),
        "fhir": json.dumps(fhir(codes)).encode(),
        "fhir xml": as_xml(fhir(codes)),
        "fhir lines": b"\n".join(lines),
        "fhir around a document": json.dumps(carried(document(1, *PERSONS[0], codes))).encode(),
    }  # fmt: skip


def variants() -> Iterator[tuple[str, bytes]]:
    """Files with a mark in one place each: every field, every element, every attribute of the first person's report."""
    yield from _of_hl7v2()
    yield from _of_xml("cda", documents(), "</ClinicalDocument>")
    yield from _of_xml("fhir xml", as_xml(fhir()).decode(), "</Bundle>")
    yield from _of_json()


def _of_hl7v2() -> Iterator[tuple[str, bytes]]:
    segments = hl7v2().rstrip("\r").split("\r")
    first = next(at for at, segment in enumerate(segments) if at and segment.startswith("MSH"))
    for at in range(first):
        fields = segments[at].split("|")
        for place in range(2 if at == 0 else 1, len(fields) + 1):
            for made in (NAME, f"{NAME}^{NUMBER}^L", UNIT, f"{fields[place]}^{NAME}" if place < len(fields) else BIRTH):
                changed = [*fields[:place], made, *fields[place + 1 :]]
                content = [*segments[:at], "|".join(changed), *segments[at + 1 :]]
                yield f"hl7v2 {segments[at][:3]}-{place}", text(*content).encode()


def _of_xml(name: str, content: str, end: str) -> Iterator[tuple[str, bytes]]:
    places = re.finditer(r'(?<==")[^"]*(?=")|(?<=>)[^<>]+(?=<)', content[: content.index(end)])
    for place in places:
        for made in (NAME, NUMBER, UNIT):
            changed = content[: place.start()] + made + content[place.end() :]
            yield f"{name} {place.start()}", changed.encode()


def _of_json() -> Iterator[tuple[str, bytes]]:
    count = _leaves(fhir(), lambda leaf, at: leaf)[1]
    for changed in range(count):
        for made in (NAME, int(NUMBER), UNIT, {"display": NAME, "code": NAME, "value": NAME}):
            yield f"fhir {changed}", json.dumps(_leaves(fhir(), _at(changed, made))[0]).encode()


def _at(changed: int, made: Any) -> Callable[[Any, int], Any]:
    return lambda leaf, at: made if at == changed else leaf


def _leaves(root: Any, replaced: Callable[[Any, int], Any]) -> tuple[Any, int]:
    """The value with each leaf replaced by what is made of it and of its place; how many leaves there are."""
    number = -1

    def walk(node: Any) -> Any:
        nonlocal number
        if isinstance(node, dict):
            return {name: walk(value) for name, value in node.items()}
        if isinstance(node, list):
            return [walk(value) for value in node]
        number += 1
        return replaced(node, number)

    return walk(root), number + 1


