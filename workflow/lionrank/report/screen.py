"""Pages for the screen: one file each, with all that they need in it and nothing from a network.

Their templates, style and scripts are in screen/, beside this module.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import escape

from lionrank import templates
from lionrank.wording import score

FOLDER = Path(__file__).with_name("screen")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Return the page that a template in screen/ makes of `facts`, whose text is escaped.

    Every page asks for `title`, and `note`, which says what a demonstration is or is None.

    Raises:
        UserError: the template asks for a fact that is not there or None; names line and fact.
    """
    environment = templates.environment(FOLDER, escape, score=score)
    return templates.render(environment, template, facts)
