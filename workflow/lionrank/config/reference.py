"""docs/configuration.md: every key of the config, from its schema and the defaults of config.yaml.

`make docs` writes the page.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lionrank import templates

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "schemas" / "config.schema.yaml"
DEFAULTS = ROOT / "config.yaml"
PAGE = ROOT / "docs" / "configuration.md"

# The default of a key that config.yaml does not have; null would be a value.
_NONE = object()


class Row(NamedTuple):
    """One key, by its path from the top of the config; every field as the page prints it."""

    key: str
    type: str
    default: str
    description: str


class Section(NamedTuple):
    """A top-level key, or one format of a collection, with the keys below it."""

    title: str
    description: str
    rows: list[Row]


def reference(schema: dict, defaults: dict) -> str:
    """Return the page for the JSON schema of a config and its default values."""
    sections = []
    for name, key in schema["properties"].items():
        keys = _Keys(schema["$defs"])
        own, *below = keys.rows(name, key, defaults[name])
        sections.append(Section(f"## {name}", key["description"], below or [own]))
        for variant in (key.get("additionalProperties") or {}).get("allOf", []):
            own, *below = keys.rows(f"{name}.NAME", variant["then"])
            sections.append(Section(f"### {_title(variant)}", own.description, below))
    environment = templates.environment(
        Path(__file__).parent, cell=lambda text: text.replace("|", r"\|")
    )
    return templates.render(environment, "reference.md.j2", {"sections": sections})


def _title(variant: dict) -> str:
    """Return what a variant of an entry is called: by itself, or by the format that it is for."""
    if "title" in variant:
        return variant["title"]
    return f"Format {variant['if']['properties']['format']['const']}"


class _Keys:
    """The keys of one section, where what the schema defines by a name is written out once."""

    def __init__(self, definitions: dict[str, dict]) -> None:
        self._definitions = definitions
        self._first: dict[str, str] = {}

    def rows(
        self, path: str, key: dict, default: Any = _NONE, optional: bool = False
    ) -> Iterator[Row]:
        """Yield the row of a key and those of all keys below it."""
        key = self._resolved(key)
        own = key.get("properties", {})
        first = self._first.setdefault(key["$ref"], path) if own and "$ref" in key else path
        type_ = (self._type(key) if first == path else f"as `{first}`") + ", optional" * optional
        yield Row(f"`{path}`", type_, "" if own else _printed(default), key["description"])
        if first != path:
            return
        given = default if isinstance(default, dict) else {}
        for name, value in own.items():
            missing = name not in key.get("required", own)
            yield from self.rows(f"{path}.{name}", value, given.get(name, _NONE), missing)
        for place, entry in ((f"{path}.NAME", "additionalProperties"), (f"{path}[]", "items")):
            if "properties" in self._resolved(key.get(entry) or {}):
                yield from self.rows(place, key[entry])

    def _resolved(self, key: dict) -> dict:
        """Return a key's schema, completed by the definition that it refers to."""
        for entry in [key, *key.get("allOf", [])]:
            if "$ref" in entry:
                definition = self._definitions[entry["$ref"].rpartition("/")[2]]
                key = definition | {"$ref": entry["$ref"]} | key
        return key

    def _type(self, key: dict) -> str:
        key = self._resolved(key)
        if "const" in key:
            return _printed(key["const"])
        if "enum" in key:
            return ", ".join(_printed(choice) for choice in key["enum"])
        words = {"object": "mapping", "array": "list", "null": "`null`"}
        words |= {kind: kind + _range(key) for kind in ("integer", "number")}
        kinds: list[str] = key["type"] if isinstance(key["type"], list) else [key["type"]]
        text = " or ".join(words.get(kind, kind) for kind in kinds)
        entry = self._resolved(key.get("items") or key.get("additionalProperties") or {})
        # What has keys of its own gets rows of its own.
        return f"{text} of {self._type(entry)}" if entry and "properties" not in entry else text


def _range(key: dict) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {key[bound]}" for bound, sign in signs.items() if bound in key]
    return " " + ", ".join(bounds) if bounds else ""


def _printed(value: Any) -> str:
    """Return a default as YAML; of a mapping its names."""
    if value is _NONE:
        return ""
    if isinstance(value, dict) and value:
        return ", ".join(f"`{name}`" for name in value)
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return "see `config.yaml`"
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return "`{}`".format(text.removesuffix("\n").removesuffix("\n..."))


def _read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(reference(_read(SCHEMA), _read(DEFAULTS)), encoding="utf-8")
