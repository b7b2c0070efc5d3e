import jinja2
import pytest

from lionrank.templates import render


@pytest.fixture(name="template")
def _template(tmp_path):
    path = tmp_path / "page.md.j2"
    path.write_text(
        "{% for row in rows %}\n| {{ row.name }} | {{ row.size | short }} |\n{% endfor %}\n"
    )
    return path


def test_a_page_is_its_template_with_the_facts_as_they_are(template):
    rows = [{"name": "A & <b>", "size": 1.25}, {"name": "", "size": 0}]
    page = render(template, {"rows": rows}, short="{:.1f}".format)
    assert page == "| A & <b> | 1.2 |\n|  | 0.0 |\n"


def test_a_fact_that_is_missing_or_none_is_never_printed(template):
    with pytest.raises(ValueError, match=r"page\.md\.j2 prints a None"):
        render(template, {"rows": [{"name": None, "size": 1}]}, short=str)
    with pytest.raises(jinja2.UndefinedError, match="name"):
        render(template, {"rows": [{"size": 1}]}, short=str)
    with pytest.raises(jinja2.UndefinedError, match="rows"):
        render(template, {}, short=str)
