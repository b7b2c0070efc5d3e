"""The claims that stand as data beside the words that make them."""

import json

import pytest

from lionrank.errors import UserError
from lionrank.paper.render import render
from lionrank.paper.says import PREFIX, Said


def say(folder, template, **facts):
    (folder / "main.tex.j2").write_text(template)
    return render(folder, facts).text.split("\n")


def test_a_claim_is_a_comment_line_above_the_line_of_its_words(tmp_path):
    template = 'One\nis << "above" | says(left="a_b", right="c", measure="m") >> two.\n'
    first, claim, line, last = say(tmp_path, template)
    assert [first, line, last] == ["One", "is above two.", ""]
    assert json.loads(claim.removeprefix(PREFIX)) == {
        "kind": "above",
        "left": "a_b",
        "right": "c",
        "measure": "m",
        "words": "above",
    }


def test_claims_stay_with_words_that_are_trimmed_and_listed(tmp_path):
    template = """<% set parts = [] %>
<% for name in ["a", "b"] %>
<% set _ = parts.append(name | says("value", what="n", of=name)) %>
<% endfor %>
<% set said %>

  << parts | listed >>
<% endset %>
(<< said | trim >>)"""
    *claims, line = say(tmp_path, template)
    assert line == "(a and b)"
    assert [json.loads(each.removeprefix(PREFIX))["of"] for each in claims] == ["a", "b"]


def test_a_claim_around_others_has_the_words_alone(tmp_path):
    template = """<% filter says("count", what="x", count=1, total=2) %>
<< "one" | says("value", what="y", of="z") >> of
  two<% endfilter %>"""
    *claims, first, second = say(tmp_path, template)
    assert [first, second] == ["one of", "  two"]
    assert [json.loads(each.removeprefix(PREFIX))["words"] for each in claims] == [
        *("one of two", "one"),
    ]


def test_a_line_of_claims_alone_makes_no_paragraph(tmp_path):
    *_, claim, last = say(tmp_path, 'One\n<< "" | says("absent", what="x") >>\ntwo')
    assert claim.startswith(PREFIX)
    assert last == "two"


def test_words_from_outside_are_escaped_and_claim_nothing_themselves(tmp_path):
    claim, line = say(tmp_path, '<< x | says("absent", what=x) >>', x="A & \x03{}\x04")
    assert line == r"A \& \lacking{0003}\{\}\lacking{0004}"
    assert json.loads(claim.removeprefix(PREFIX))["what"] == "A & \x03{}\x04"
    assert say(tmp_path, "<< x >>", x="\x03{}\x04") == [r"\lacking{0003}\{\}\lacking{0004}"]


def test_words_that_a_template_may_choose_by_claim_when_they_are_printed(tmp_path):
    said = Said.of("below", left="a", right="b", measure="m")
    assert said == "below"
    template = '<% if said == "below" %>\nBelow.\n<% endif %>\n<< said >>'
    first, claim, line = say(tmp_path, template, said=said)
    assert [first, line] == ["Below.", "below"]
    assert '"left": "a"' in claim


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('"x" | says("abvoe", left=1)', r"no kind is named 'abvoe'; known: above, below"),
        ('"above" | says(left="a")', r"says: 'above' must name measure, right\."),
        ('"x" | says("value", what="y", of=nosuch)', r"'nosuch' is undefined|serializable"),
    ],
)
def test_a_claim_of_another_kind_or_without_a_name_is_refused_at_its_line(tmp_path, call, message):
    with pytest.raises(UserError, match=rf"^main\.tex\.j2, line 2: .*(?:{message})"):
        say(tmp_path, f"\n<< {call} >>")
