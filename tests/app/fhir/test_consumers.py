"""Two independent readers of our map answer as our service does, for every code of the demonstration catalogue."""

import json
from typing import Any

from tests.app.fhir.demonstrated import Demonstration, demonstration
from tests.fhir.node import ask

__all__ = ["demonstration"]

ADDRESS = "/fhir/ConceptMap/$translate"


def _questions(concept_map: dict[str, Any]) -> list[dict[str, str]]:
    """Every local code, codes that look like them, and codes and systems that nobody knows."""
    asked = []
    for group in concept_map["group"]:
        codes = [element["code"] for element in group["element"]]
        strangers = [code.lower() if position % 2 else f"{code}X" for position, code in enumerate(codes[::12])]
        asked += [{"system": group["source"], "code": code} for code in (*codes, *strangers, "?", "19146-0")]
    asked += [{"system": "urn:x", "code": element["code"]} for element in concept_map["group"][0]["element"][:5]]
    return asked


def _parameters(question: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "code", "valueCode": question["code"]},
            {"name": "system", "valueUri": question["system"]},
        ],
    }


def _ours(resource: dict[str, Any]) -> dict[str, Any]:
    """Our answer in the words of the others, who give a concept no version."""
    matches = []
    for item in resource["parameter"]:
        if item["name"] == "match":
            parts = {part["name"]: part for part in item["part"]}
            concept = {key: value for key, value in parts["concept"]["valueCoding"].items() if key != "version"}
            matches.append({"equivalence": parts["equivalence"]["valueCode"], "concept": concept})
    return {"result": resource["parameter"][0]["valueBoolean"], "match": matches}


def test_two_independent_readers_answer_as_we_do(demonstration: Demonstration) -> None:
    questions = _questions(demonstration.concept_map)
    parameters = [_parameters(question) for question in questions]
    others = ask(translate={"conceptMap": demonstration.concept_map, "parameters": parameters})["translate"]
    ours = []
    for number, (question, body) in enumerate(zip(questions, parameters, strict=True)):
        # Both ways of asking, in turn.
        answer = (
            demonstration.client.post(ADDRESS, json=body)
            if number % 2
            else demonstration.client.get(ADDRESS, params=question)
        )
        assert answer.status_code == 200
        ours.append(_ours(answer.json()))
    different = [
        (question, mine, other)
        for question, mine, other in zip(questions, ours, others, strict=True)
        if not mine == other["medplum"] == other["synanetics"]
    ]
    assert different == []
    local_codes = sum(len(group["element"]) for group in demonstration.concept_map["group"])
    found = sum(answer["result"] for answer in ours)
    assert local_codes > 350
    assert 200 < found < local_codes
    assert len(questions) > 1.07 * local_codes
    assert {match["equivalence"] for answer in ours for match in answer["match"]} == {
        "equivalent",
        "wider",
        "narrower",
        "relatedto",
    }


def test_a_fixed_answer_would_be_caught(demonstration: Demonstration) -> None:
    """Both readers believe `unmapped`: this is why we never write it."""
    concept_map = json.loads(json.dumps(demonstration.concept_map))
    concept_map["group"][0]["unmapped"] = {"mode": "fixed", "code": "1-8"}
    question = {"system": concept_map["group"][0]["source"], "code": "ABSENT"}
    (other,) = ask(translate={"conceptMap": concept_map, "parameters": [_parameters(question)]})["translate"]
    assert other["medplum"]["result"] is other["synanetics"]["result"] is True
    assert not _ours(demonstration.client.get(ADDRESS, params=question).json())["result"]


def test_the_map_read_from_the_service_is_the_one_exported(demonstration: Demonstration) -> None:
    (entry,) = demonstration.client.get("/fhir/ConceptMap").json()["entry"]
    served = entry["resource"]
    assert served["url"] == demonstration.concept_map["url"]

    def without_version(concept_map: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in group.items() if key != "sourceVersion"} for group in concept_map["group"]
        ]

    assert without_version(served) == without_version(demonstration.concept_map)
