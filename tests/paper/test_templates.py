import re

import pytest

from lionrank.paper.figures.style import looks
from tests.support.papers import PAPER, facts_of, prose
from tests.support.results import GRID, SCENARIOS, experiment

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
        # Seconds of an hour.
        r"/ 3600",
        r"\\cite\{.*?\}",
        # Where a font has a sign.
        r"\\symbol\{\d+\}",
        "works = .*",
        "advised = .*",
        # Comments, and how wide a head is.
        r"(?s)<#.*?#>",
        r"\\multicolumn\{.*?\}",
        r"\\rotatebox\{\d+\}",
        r"stacked\(.*?\)",
        # Sizes and colours of what is drawn.
        r"\d+(?:\.\d+)?(?:mm|pt|em|ex)\b",
        r"\d+(?:\.\d+)?\*?\\(?:floor|lane|linewidth|columnwidth|textwidth)\b",
        r"!\d+",
        r"\{HTML\}\{\w+\}",
    ):
        text = re.sub(name, "", text)
    assert not re.findall(r"\d\.\d", text), "a decimal: take it from the results"
    assert not re.findall(r"\d[ \t]*(?:\\,)?(?:\\%|percent)", text), "a percentage"
    assert not re.findall(r"(?<!@)\b\d{2,}\b", text), "a number: take it from the results"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_names_itself_for_latex_errors(path):
    if path.name != "macros.tex.j2":
        assert path.read_text().startswith(f"% template: {path.relative_to(PAPER)}\n")


@pytest.fixture(name="facts", scope="module")
def _facts(tmp_path_factory):
    return facts_of(experiment(tmp_path_factory.mktemp("results"), SCENARIOS["made up 1"]))


@pytest.fixture(name="text", scope="module")
def _text(facts):
    return prose(facts)


def test_the_sections_are_those_of_a_complete_paper(text):
    found = re.findall(r"\\section\{(.+?)\}|\\(bibliography\b|begin\{abstract\})", text)
    assert [title or command for title, command in found] == [
        r"begin{abstract}",
        *("Introduction", "Related Work", "Method", "Experimental Set-up", "Results"),
        *("Published Claims", "Discussion", "Threats to Validity", "Conclusion"),
        *("The Published Study", "Provenance", "bibliography"),
    ]
    assert r"\begin{IEEEkeywords}" in text


def test_every_table_and_figure_is_referred_to_and_captioned_as_ieee_asks(text):
    floats = re.findall(r"\\begin\{(table|figure)\*?\}(.+?)\\end\{\1\*?\}", text)
    assert len(floats) > 15
    assert text.count(r"\begin{tikzpicture}") == 2
    for kind, body in floats:
        (label,) = re.findall(r"\\label\{(\w+:\w+)\}", body)
        assert re.search(rf"(?:Tables?|Figs?\.)~\\ref\{{{label}\}}|and~\\ref\{{{label}\}}", text)
        parts = [body.index(part) for part in (r"\caption{", r"\label{")]
        content = max(body.rfind(part) for part in (r"\input{", "graphics{", "{tikzpicture}"))
        assert parts == sorted(parts)
        assert (parts[0] < content) == (kind == "table"), label


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_caption_ends_with_what_all_captions_end_with(path):
    text = path.read_text()
    assert text.count(r"\caption{") == len(re.findall(r"<<-? closing\(.+?\) >>\}\n", text))


def paper_with(facts, rates, decays=(0.01, 0.01)):
    """Render with learning rates of AdamW and Lion by model, and weight decays of the two."""
    settings = {
        f"{model}_{optimizer}": facts["settings"][f"{model}_{optimizer}"]
        | {"learning_rate": rate, "weight_decay": decay}
        for model, pair in rates.items()
        for optimizer, rate, decay in zip(("adamw", "lion"), pair, decays, strict=True)
    }
    return prose(facts | {"settings": settings})


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (
            {"minilm": (2e-5, 2e-5), "gte": (2e-5, 2e-5), "modernbert": (2e-5, 2e-6)},
            r"AdamW's rate is equal to Lion's with MiniLM and GTE and 10 times Lion's with "
            r"ModernBERT. It is in the range that Lion's authors "
            r"advise~\cite{chen2023instructions} with ModernBERT, and not with MiniLM and GTE.",
        ),
        (
            {"minilm": (7e-5, 1.5e-5), "gte": (1e-3, 2e-4), "modernbert": (3e-4, 1e-4)},
            "AdamW's rate is 4.7 times Lion's with MiniLM, 5 times Lion's with GTE and 3 times "
            "Lion's with ModernBERT. That is in the range that Lion's authors advise",
        ),
        (
            {"minilm": (2e-5, 2e-6), "gte": (1e-4, 1e-5), "modernbert": (3e-5, 3e-6)},
            "AdamW's rate is 10 times Lion's with MiniLM, GTE and ModernBERT. That is in the range",
        ),
        (
            {"minilm": (2e-5, 4e-5), "gte": (2e-5, 1e-5), "modernbert": (2e-3, 1e-5)},
            "AdamW's rate is 0.5 times Lion's with MiniLM, 2 times Lion's with GTE and 200 times "
            "Lion's with ModernBERT. That is not in the range that Lion's authors advise",
        ),
    ],
)
def test_the_learning_rates_are_set_beside_the_advice_of_lions_authors(facts, rates, said):
    assert said in paper_with(facts, rates)


@pytest.mark.parametrize("decays", [(0.01, 0.01), (0.1, 0.01), (0.01, 0.1)])
def test_a_weight_decay_that_lion_was_not_given_is_told(facts, decays):
    rates = dict.fromkeys(("minilm", "gte", "modernbert"), (2e-5, 4e-6))
    said = "The larger weight decay that they advise with it was not given to any backbone."
    assert (said in paper_with(facts, rates, decays)) == (decays[1] <= decays[0])


def test_the_drawings_say_what_this_experiment_does(facts):
    cut, mined = "tokens lose the end of the longer part", "BM25 also finds the negatives"
    arrow = r"\draw[flow] (retrieval) -- (pairs);"
    text = prose(facts)
    assert rf"\num{{{facts['shared']['max_length']}}} {cut}" in text
    assert mined in text
    assert arrow in text
    given = prose(facts | {"pairs": facts["pairs"] | {"random_negatives": 1}})
    assert mined not in given
    assert arrow not in given
    varied = {key: value for key, value in facts["shared"].items() if key != "max_length"}
    assert cut not in prose(facts | {"shared": varied})


def test_the_drawings_have_the_colours_of_the_plots():
    colours = re.findall(
        r"\\definecolor\{\w+\}\{HTML\}\{(\w+)\}", (PAPER / "main.tex.j2").read_text()
    )
    drawn = [look["color"] for look in looks(GRID).values()]
    assert [f"#{colour.lower()}" for colour in colours] == drawn
