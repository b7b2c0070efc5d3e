"""Markdown pages from templates that lie beside the code which knows their facts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2


def render(template: Path, facts: Mapping[str, Any], **filters: Callable[..., str]) -> str:
    """Return the page that a template makes of `facts`; `filters` are the template's own.

    Raises:
        jinja2.UndefinedError: the template asks for a fact that is not there; names it.
        ValueError: it prints a fact that is None; names the template.
    """

    def printed(value: Any) -> Any:
        if value is None:
            raise ValueError(f"{template.name} prints a None: say in it how a missing value reads")
        return value

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        finalize=printed,
    )
    environment.filters |= filters
    return environment.get_template(template.name).render(facts)
