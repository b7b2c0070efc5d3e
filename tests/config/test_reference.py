"""docs/configuration.md, made of the schema and config.yaml."""

import yaml

from lionrank.config.reference import DEFAULTS, PAGE, SCHEMA, reference

LAYER = {
    "description": "A layer.",
    "type": "object",
    "properties": {"rate": {"description": "A | B.", "type": "number", "exclusiveMinimum": 0}},
}


def page_of(keys: dict, defaults: dict) -> str:
    described = {name: {"description": f"About {name}."} | key for name, key in keys.items()}
    return reference({"properties": described, "$defs": {"layer": LAYER}}, defaults)


def rows_of(page: str) -> dict[str, list[str]]:
    """The cells behind each key."""
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    return {cells[0].strip("`"): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_the_page_is_up_to_date():
    schema, defaults = (yaml.safe_load(path.read_text()) for path in (SCHEMA, DEFAULTS))
    assert PAGE.read_text() == reference(schema, defaults), "run `make docs`"


def test_every_setting_of_the_experiment_is_on_the_page():
    page = PAGE.read_text()
    for section, settings in yaml.safe_load(DEFAULTS.read_text()).items():
        assert f"\n## {section}\n" in page
        if section in ("grid", "retrieval", "training_pairs", "comparisons", "hardware", "hub"):
            assert {f"{section}.{name}" for name in settings} <= rows_of(page).keys()


def test_a_key_has_its_type_range_default_and_description():
    keys = {
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 9},
        "by": {"enum": [None, "query", "pair"]},
        "names": {"type": "array", "items": {"type": "string"}},
    }
    rows = rows_of(page_of(keys, {"seed": None, "by": "pair", "names": []}))
    assert rows == {
        "seed": ["integer ≥ 0, ≤ 9 or `null`", "`null`", "About seed."],
        "by": ["`null`, `query`, `pair`", "`pair`", "About by."],
        "names": ["list of string", "`[]`", "About names."],
    }


def test_a_key_that_may_be_left_out_is_optional_and_has_no_default():
    at = {
        "type": "object",
        "required": ["k"],
        "properties": {
            "k": {"description": "K.", "type": "integer"},
            "j": {"description": "J.", "type": "integer"},
        },
    }
    rows = rows_of(page_of({"at": at}, {"at": {"k": 3}}))
    assert rows == {
        "at.k": ["integer", "`3`", "K."],
        "at.j": ["integer, optional", "", "J."],
    }


def test_names_of_ones_own_are_those_of_the_experiment_and_a_definition_is_written_out_once():
    layers = {"description": "Layers.", "additionalProperties": {"$ref": "#/$defs/layer"}}
    layers["type"] = "object"
    first = {"$ref": "#/$defs/layer", "description": "First."}
    keys = {"at": {"type": "object", "properties": {"first": first, "others": layers}}}
    rows = rows_of(page_of(keys, {"at": {"first": {"rate": 0.1}, "others": {"x": {}, "y": {}}}}))
    assert rows == {
        "at.first": ["mapping", "", "First."],
        "at.first.rate": ["number > 0", "`0.1`", r"A \| B."],
        "at.others": ["mapping", "`x`, `y`", "Layers."],
        "at.others.NAME": ["as `at.first`", "", "A layer."],
    }
