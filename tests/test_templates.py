import re

import pytest
from markupsafe import Markup, escape

from lionrank.errors import UserError
from lionrank.templates import Delimiters, environment, render


def page(folder, template, facts, *settings, **filters):
    (folder / "page.j2").write_text(template)
    return render(environment(folder, *settings, **filters), "page.j2", facts)


def test_a_page_is_its_template_with_the_facts_as_they_are(tmp_path):
    template = "{% for row in rows %}\n| {{ row.name }} | {{ row.size | short }} |\n{% endfor %}\n"
    rows = [{"name": "A & <b>", "size": 1.25}, {"name": "", "size": 0}]
    made = page(tmp_path, template, {"rows": rows}, short="{:.1f}".format)
    assert made == "| A & <b> | 1.2 |\n|  | 0.0 |\n"


def test_values_are_escaped_once_and_templates_never(tmp_path):
    template = (
        "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}\n{{ bold(name) }} & {{ name }}"
    )
    assert page(tmp_path, template, {"name": "<"}, escape) == "<b>&lt;</b> & &lt;"


@pytest.mark.parametrize(
    "joined",
    [
        *("{{ name ~ block }}", "{{ 'a_' ~ block ~ 1 }}", "{{ [name, block] | join(' & ') }}"),
        *("{{ [block, name] | join }}", "{{ block + name }}", "{{ 'a_' + block }}"),
        *("{{ 'a_' }}", "{{ 'a_' ~ 'b' }}", "{{ ('a_' ~ name) ~ macro(name ~ 'a_') }}"),
        *("{{ (name if name else 'a_') ~ block }}", "{{ ('a_' | safe) ~ 'b_' ~ name }}"),
    ],
)
def test_text_that_is_joined_to_markup_is_escaped_as_what_is_printed(tmp_path, joined):
    start = "{% set block %}({{ name }}){% endset %}{% macro macro(x) %}[{{ x }}]{% endmacro %}"

    def quoted(value):
        return value if isinstance(value, Markup) else Markup(re.sub("([_&])", r"\\\1", str(value)))

    made = page(tmp_path, start + joined, {"name": "R&D_1"}, quoted)
    as_they_are = page(tmp_path, start + joined, {"name": "R&D_1"})
    raw = 1 if "safe" in joined else 0
    assert made.replace("\\", "") == as_they_are
    assert len(re.findall(r"(?<!\\)[_&]", made)) == raw


def test_what_is_no_text_is_added_and_nothing_is_joined_to_none(tmp_path):
    assert page(tmp_path, "{{ 1 + 2 }} {{ [1] + [2] }}", {}, escape) == "3 [1, 2]"
    for joined in ("a ~ 1", "1 ~ a", "[1, a] | join"):
        for escaping in (escape, None):
            with pytest.raises(UserError, match="line 1: a value is null"):
                page(tmp_path, "{{ " + joined + " }}", {"a": None}, escaping)


def test_delimiters_are_a_matter_of_what_is_written(tmp_path):
    latex = Delimiters("<%", "%>", "<<", ">>", "<#", "#>")
    template = "<# no #><% if x %>{{{<< x >>}}}<% endif %>"
    assert page(tmp_path, template, {"x": 1}, None, latex) == "{{{1}}}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("one\n{{ nosuch }}\n", "page.j2, line 2: 'nosuch' is undefined"),
        ("{{ paper.nosuch }}", "page.j2, line 1: 'dict object' has no attribute 'nosuch'"),
        ("\n{% if %}", "page.j2, line 2: "),
        ('{% include "absent.j2" %}', "no template absent.j2"),
        ("{{ paper.note }}", "page.j2, line 1: a value is null"),
        ("\n{{ 1 + paper.title }}", "page.j2, line 2: unsupported operand"),
    ],
)
def test_an_error_in_a_template_names_template_line_and_key(tmp_path, template, message):
    with pytest.raises(UserError, match=re.escape(message)):
        page(tmp_path, template, {"paper": {"note": None, "title": "A title"}})


def test_an_error_is_placed_in_a_folder_that_is_named_by_a_way_up_and_down(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "paper").mkdir()
    with pytest.raises(UserError, match=re.escape("page.j2, line 1: 'nosuch' is undefined")):
        page(tmp_path / "rules" / ".." / "paper", "{{ nosuch }}", {})
