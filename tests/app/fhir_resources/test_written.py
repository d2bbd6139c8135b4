"""A resource is written item by item: its bytes are those of the whole written at once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_resources.values import Syntax, written

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_json_is_what_the_standard_library_writes(resource: dict[str, Any]) -> None:
    expected = json.dumps(resource, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        content = expected.encode()
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            written(resource, Syntax.JSON)
    else:
        assert written(resource, Syntax.JSON) == content


def test_xml_of_lists_of_the_first_level() -> None:
    resource = {"resourceType": "Bundle", "type": "collection", "link": [], "entry": [
        {"resource": {"resourceType": "Basic", "id": "é"}}, {"resource": {"resourceType": "Basic", "id": "b"}},
    ]}  # fmt: skip
    assert written(resource, Syntax.XML).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>'
        '<entry><resource><Basic><id value="é"/></Basic></resource></entry>'
        '<entry><resource><Basic><id value="b"/></Basic></resource></entry></Bundle>'
    )
