import re

import pytest
from papers import PAPER

from lionrank.errors import UserError
from lionrank.paper import render

TEMPLATES = sorted(PAPER.rglob("*.j2"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_result(path):
    text = path.read_text()
    # Names and formulas that are made of digits and no results.
    for name in (
        r"TREC(?: |~DL~)2019",
        r"SHA-256",
        r"\[:12\]",
        r"100 \*",
        r"\\cite\{.*?\}",
        "works = .*",
    ):
        text = re.sub(name, "", text)
    assert not re.findall(r"\d\.\d", text), "a decimal: take it from the results"
    assert not re.findall(r"\d[ \t]*(?:\\,)?(?:\\%|percent)", text), "a percentage"
    assert not re.findall(r"(?<!@)\b\d{2,}\b", text), "a number: take it from the results"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_names_itself_for_latex_errors(path):
    if path.name != "macros.tex.j2":
        assert path.read_text().startswith(f"% template: {path.relative_to(PAPER)}\n")


def test_every_citation_has_an_entry_and_every_entry_a_citation():
    text = "".join(path.read_text() for path in TEMPLATES)
    cited = {key for keys in re.findall(r"\\cite\{([^<}]+)\}", text) for key in keys.split(",")}
    cited |= set(re.findall(r'": "(\w+\d{4}\w+)"', text))
    entries = set(
        re.findall(r"^@(?!IEEEtranBSTCTL)\w+\{(\w+),", (PAPER / "refs.bib").read_text(), re.M)
    )
    assert cited == entries


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("one\n<< nosuch >>\n", r"main\.tex\.j2, line 2: 'nosuch' is undefined"),
        ("<< paper.nosuch >>", r"line 1: 'dict object' has no attribute 'nosuch'"),
        ("\n<% if %>", r"main\.tex\.j2, line 2: "),
        ('<% include "absent.tex.j2" %>', r"no template absent\.tex\.j2"),
        ("<< paper.note >>", r"line 1: a value is null"),
    ],
)
def test_an_error_in_a_template_names_template_line_and_key(tmp_path, template, message):
    (tmp_path / "main.tex.j2").write_text(template)
    with pytest.raises(UserError, match=message):
        render(tmp_path, {"paper": {"note": None}})
