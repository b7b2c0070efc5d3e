"""YAML that PyYAML reads as something else, or reads for ever."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lionrank import strict_yaml
from lionrank.errors import UserError


def read(tmp_path, content: str | bytes):
    path = tmp_path / "a.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return strict_yaml.read(path)


LAUGHS = "x0: &x0 [a]\n" + "".join(f"x{i}: &x{i} [*x{i - 1}, *x{i - 1}]\n" for i in range(1, 60))
MAPS = "x0: &x0 {a: 1}\n" + "".join(
    f"x{i}: &x{i} {{a: *x{i - 1}, b: *x{i - 1}}}\n" for i in range(1, 60)
)
MERGES = "x0: &x0 {a: 1}\n" + "".join(
    f"x{i}: &x{i} {{<<: [*x{i - 1}, *x{i - 1}]}}\n" for i in range(1, 60)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:3: the key 'a' is in line 1 too"),
        ('b: {c: 1, "c": 2}\n', "a.yaml:1: the key 'c' is in line 1 too"),
        ("a: 010\n", "a.yaml:1: 010 is a number to base 8"),
        ("a: [1, -017]\n", "a.yaml:1: -017 is a number to base 8"),
        ("a:\n  b: 12:30\n", "a.yaml:2: 12:30 is a number to base 60"),
        ("a: 190:20:30.15\n", "190:20:30.15 is a number to base 60"),
        ("a: &a [*a]\n", "a.yaml:1: *a stands within what it stands for"),
        ("a: *b\n", "a.yaml:1: this is no YAML: found undefined alias"),
        (LAUGHS, "more than 100,000 values, counting those of aliases"),
        (MAPS, "more than 100,000 values, counting those of aliases"),
        (MERGES, "more than 100,000 values, counting those of aliases"),
        ("a: " + "[" * 100_000, "a.yaml:1: lists and mappings are nested deeper than 50"),
        ("- " * 100_000 + "a", "a.yaml:1: lists and mappings are nested deeper than 50"),
        ("a: " + "{a: " * 100_000, "a.yaml:1: lists and mappings are nested deeper than 50"),
        ("a:\n\tb: 1\n", "a.yaml:2: this is no YAML: found character that cannot start"),
        ("a: 1\n---\na: 2\n", "a.yaml:2: this is no YAML: but found another document"),
        ("a: !!python/name:os.system\n", "a.yaml:1: the tag 'tag:yaml.org,2002:python/name:os.sys"),
        (
            "a: [!!set {b}]\n",
            "a.yaml:1: the tag 'tag:yaml.org,2002:set': write the value without it",
        ),
        ("a:\n  b: !!int\n", "a.yaml:2: the tag 'tag:yaml.org,2002:int'"),
        ("a: 2020-13-45\n", "a.yaml: this is no YAML: month must be in 1..12"),
        ("a: " + "9" * 5000, "a.yaml: this is no YAML: Exceeds the limit"),
        ("a: é\n".encode("latin1"), "a.yaml: this is no YAML: 'utf-8' codec can't decode"),
        ("a: b\0c\n", "a.yaml:1: this is no YAML: "),
    ],
)
def test_what_would_be_read_otherwise_or_for_ever_is_refused(tmp_path, content, message):
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("a: {b: 1}\nc: {b: 1}\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        ("a: [&n 1, *n, *n]\n", {"a": [1, 1, 1]}),
        ("a: {1: a, b: 1}\n", {"a": {1: "a", "b": 1}}),
        ("a: '010'\nb: \"12:30\"\n", {"a": "010", "b": "12:30"}),
        ("a: 0.10\nb: 0\nc: 0x10\nd: 1_000\n", {"a": 0.1, "b": 0, "c": 16, "d": 1000}),
        ("\ufeffa: 1\r\nb: [2,\r\n  3]\r\n", {"a": 1, "b": [2, 3]}),
        ('{"a":\t[1, 2]}', {"a": [1, 2]}),
        ("", None),
    ],
)
def test_other_yaml_is_read_as_it_is(tmp_path, content, value):
    assert read(tmp_path, content) == value


def test_a_value_may_repeat_its_key_and_the_key_of_another_mapping(tmp_path):
    assert read(tmp_path, "a: a\nb: {a: [b, b]}\n") == {"a": "a", "b": {"a": ["b", "b"]}}


PARTS = [
    *"ab:{}[],&*!-?#|>%0179.~\n\t\"' ",
    *("a: ", "- ", "\n  ", "<<: ", "*a", "&a ", "!!int ", "!!float ", "!!timestamp ", "!!bool "),
    *("!!set ", "!!omap ", "!!pairs ", "!!binary ", "!!null ", "!!map ", "!!seq ", "!!python/x "),
    *("2020-01-01", ".inf", ".nan", "0x", "0b", "---\n", "...\n", "\ufeff", "\x85"),
]


@settings(max_examples=25 * settings.default.max_examples)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=15))
def test_whatever_is_in_a_file_is_read_as_pyyaml_reads_it_or_refused(tmp_path_factory, parts):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text("".join(parts), encoding="utf-8")
    try:
        value = strict_yaml.read(path)
    except UserError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    else:
        assert repr(value) == repr(
            yaml.load("".join(parts).removeprefix("\ufeff"), yaml.CSafeLoader)
        )
