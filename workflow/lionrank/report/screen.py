"""Pages for the screen: one file each, with all that they need in it and nothing from a network.

Their templates, style and scripts are in screen/, beside this module.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from lionrank.wording import score

FOLDER = Path(__file__).with_name("screen")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Return the page that a template in screen/ makes of `facts`, whose text is escaped.

    Every page asks for `title`, and `note`, which says what a demonstration is or is None.

    Raises:
        jinja2.UndefinedError: the template asks for a fact that is not there; names it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["score"] = score
    return environment.get_template(template).render(facts)
