"""What values a config may have, and how a violation of a schema is said."""

import json

import pytest

from lionrank.config.schema import check_plain, check_schema, values
from lionrank.errors import UserError

SCHEMA = json.dumps(
    {
        "$defs": {
            "name": {"description": "a name of digits.", "pattern": r"^[0-9]+(?!\n)$"},
        },
        "additionalProperties": False,
        "required": ["whole"],
        "properties": {
            "whole": {"type": "integer", "minimum": 1},
            "either": {"type": ["number", "null"]},
            "choice": {"enum": [None, "left", "right"]},
            "names": {"propertyNames": {"$ref": "#/$defs/name"}},
            "texts": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        },
    }
).encode()


def test_values_come_with_their_places_and_mappings_before_what_is_in_them():
    config = {"a": {"b": [1, {"c": 2}]}, "d": None}
    found = [*values(config)]
    assert [place for place, _ in found] == ["", "a", "a.b", "a.b.0", "a.b.1", "a.b.1.c", "d"]
    assert found[0][1] is config and dict(found)["a.b.1.c"] == 2
    assert [*values([3], "x.y")] == [("x.y", [3]), ("x.y.0", 3)]


def test_values_that_go_on_and_on_are_refused():
    own: list = []
    own.append(own)
    twice: list = [1]
    for _ in range(40):
        twice = [twice, twice]
    for endless in (own, twice, [[0] * 1000] * 1000):
        with pytest.raises(UserError, match=r"config: a.*: nested deeper than 50, or more than"):
            check_plain({"a": endless})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wohle": 1}, "top level: unknown key 'wohle'; did you mean 'whole'?"),
        ({"whole": "2"}, "whole: expected a whole number, found the text '2'; YAML reads it"),
        ({"whole": 2.0}, "whole: expected a whole number, found the number 2.0"),
        ({"whole": False}, "whole: expected a whole number, found false"),
        ({"whole": 0}, "whole: 0 is less than the minimum of 1"),
        ({"either": "null"}, "either: 'null' is text: write null, without quotes"),
        ({"either": {}}, "either: expected a number or null, found keys with values"),
        ({"choice": "None"}, "choice: 'None' is text: write null, without quotes"),
        ({"choice": "lift"}, "choice: unknown value 'lift'; did you mean 'left'?"),
        ({"choice": 7}, "choice: unknown value 7; known: null, left, right"),
        ({"names": {"1a": 0}}, "names: '1a' is not a name of digits"),
        ({"names": {"1\n": 0}}, "names: '1\\n' is not a name of digits"),
        ({"texts": ["a", None]}, "texts.1: expected text, found null; YAML reads yes"),
        ({"texts": ["a" * 1000] * 3}, "is too long"),
    ],
)
def test_a_violation_is_one_line_of_words(change, message):
    with pytest.raises(UserError) as caught:
        check_schema({"whole": 1} | change, SCHEMA)
    assert str(caught.value).startswith("config: ") and message in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_what_passes_passes_again():
    for _ in range(2):
        check_schema({"whole": 1, "either": None, "choice": None, "names": {"1": 2}}, SCHEMA)
