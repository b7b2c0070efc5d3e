"""The captions of Snakemake's report, in which texts of the config are texts and no markup."""

from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment
from markupsafe import Markup

from tests.support.workflow import ROOT

CAPTIONS = sorted((ROOT / "workflow" / "report").glob("*.rst"))
HOSTILE = [
    "``a`` *b* |c| d_ [e]_ :math:`f` \\g <h> & 'i'",
    "words\n\n.. include:: secret.txt\n\n.. raw:: html\n\n   <script>alert(1)</script>\n",
    "- one\n- two\n\n====\n",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_a_text_of_the_config_is_no_markup(tmp_path, monkeypatch, path, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("the secret")
    config = {
        "paper": {"note": text, "title": text},
        "grid": {"models": ["m"], "optimizers": ["o", "t"]},
        "models": {"m": {"label": text}},
        "optimizers": {"o": {"label": "O"}},
        "treatments": {"t": {"label": text, "optimizer": "o"}},
        "protocol": "as_written",
    }
    params = SimpleNamespace(note=text, text={"caption": "A caption."})
    snakemake = SimpleNamespace(
        config=config, params=params, output=["page.html"], input=SimpleNamespace(table="t.csv")
    )
    caption = Environment().from_string(path.read_text()).render(snakemake=snakemake)
    # Anything that docutils has to say of it is an error here.
    shown = publish_parts(
        caption, writer_name="html", settings_overrides={"report_level": 1, "halt_level": 1}
    )["html_body"]
    assert " ".join(text.split()) in " ".join(Markup(shown).striptags().split())
    assert "the secret" not in shown and "<script" not in shown
