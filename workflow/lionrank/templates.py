"""Text that jinja2 makes of templates: the paper's LaTeX, pages in Markdown and in HTML.

A value that is missing or None is an error, which names template and line, and never printed.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import Any, NamedTuple

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup

from lionrank.errors import UserError


class Delimiters(NamedTuple):
    """What stands around statements, values and comments of a template."""

    block_start_string: str = "{%"
    block_end_string: str = "%}"
    variable_start_string: str = "{{"
    variable_end_string: str = "}}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"


JINJA = Delimiters()


class _Joining(CodeGenerator):
    """Compiles `a ~ b` and `a + b` to filters, for jinja's own escape text for HTML alone."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self._call("join", node.nodes, frame)

    def visit_Add(self, node: nodes.BinExpr, frame: Frame) -> None:
        self._call("plus", [node.left, node.right], frame)

    def _call(self, name: str, operands: Sequence[nodes.Expr], frame: Frame) -> None:
        self.write(f"environment.filters[{name!r}]((")
        for each in operands:
            self.visit(each, frame)
            self.write(", ")
        self.write("))")


def environment(
    folder: str | os.PathLike,
    escape: Callable[[Any], Markup] | None = None,
    delimiters: Delimiters = JINJA,
    **filters: Callable[..., Any],
) -> jinja2.Environment:
    """Return the environment of the templates in a folder.

    A line with nothing but a statement prints nothing. `escape` returns what is printed of a
    value: Markup, which it leaves as it is, for templates themselves produce it. Text that a
    template joins to Markup is escaped in the same way.
    """

    def known(value: Any) -> Any:
        if value is None:
            raise ValueError("a value is null; test for it before printing it")
        return value

    def printed(value: Any) -> Any:
        return known(value) if escape is None else escape(known(value))

    # Of a context, so that jinja asks for constants of a template, too.
    @jinja2.pass_context
    def finalize(_: Context, value: Any) -> Any:
        return printed(value)

    def join(parts: Iterable[Any], separator: str = "") -> str:
        pieces = [*map(known, parts)]
        if not any(isinstance(each, Markup) for each in (separator, *pieces)):
            return separator.join(map(str, pieces))
        return Markup(str(printed(separator)).join(str(printed(each)) for each in pieces))

    def plus(operands: tuple[Any, Any]) -> Any:
        left, right = operands
        texts = isinstance(left, str) and isinstance(right, str)
        return join(operands) if texts else left + right

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        **delimiters._asdict(),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Makes jinja mark what templates produce as Markup. What it would escape for HTML has been
        # escaped by `printed`, which sees each value before.
        autoescape=escape is not None,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        # Jinja joins constants by its own means.
        optimized=False,
    )
    made.code_generator_class = _Joining
    made.filters |= {"join": join, "plus": plus} | filters
    return made


def render(environment: jinja2.Environment, name: str, facts: Mapping[str, Any]) -> str:
    """Return what the template `name` makes of `facts`.

    Raises:
        UserError: a template is missing or malformed, or uses a value that is not known or None;
            names template, line and key.
    """
    if not isinstance(environment.loader, jinja2.FileSystemLoader):
        raise TypeError("templates lie in a folder: make their environment by `environment`")
    folder = environment.loader.searchpath[0]
    try:
        return environment.get_template(name).render(facts)
    except jinja2.TemplateNotFound as error:
        raise UserError(f"{folder}: there is no template {error.name}; write it.") from None
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{error.name}, line {error.lineno}: {error.message}") from None
    except (jinja2.TemplateRuntimeError, LookupError, TypeError, UserError, ValueError) as error:
        place = _place(error, Path(folder))
        if place is None:
            raise
        raise UserError(f"{place}: {error}") from None


def _place(error: Exception, folder: Path) -> str | None:
    """Return template and line that an error came from, or None if it came from none."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    inside = [(name, line) for name, line in frames if name.endswith(".j2")]
    if not inside:
        return None
    path, line = inside[-1]
    # Not relative_to: the folder may be named by a way up and down, as a script's place names it.
    return f"{os.path.relpath(path, folder)}, line {line}"
