"""Templates and plain data in, the text of every output out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shardgen import quoting
from shardgen.blocks import has_markers
from shardgen.errors import ShardgenError
from shardgen.ledger import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardgen.outputs import Output

FILTERS: dict[str, Callable[..., Any]] = {
    "yaml": quoting.yaml,
    "yaml_block": quoting.yaml_block,
    "env": quoting.env,
    "python": quoting.python,
    "json": quoting.json_text,
    "promql": quoting.promql,
    "gotemplate": quoting.gotemplate,
    "nginx": quoting.nginx,
    "name": quoting.name,
    "text": quoting.text,
    "code": quoting.code,
    "join": quoting.join,
    "identifier": lambda value: quoting.Quoted(sql.quote_identifier(value)),
    "literal": lambda value: quoting.Quoted(sql.quote_literal(value)),
    "sql_comment": lambda value: quoting.Quoted(sql.comment_text(value)),
}


#: What the file of a compiled template begins with; a template's name follows.
FILE = "templates/"


class BrokenTemplate(ShardgenError):
    """A template that cannot be rendered; the message names the file, the line and the cause."""

    code = "SG701"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One destination's text: as a whole file, and as the named blocks of a file of the user's."""

    output: Output
    destination: str
    whole: str
    blocks: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Where templates come from: the user's own by name, else the package's."""

    package: Callable[[str], str | None]
    user: Callable[[str], str | None]

    def load(self, name: str) -> tuple[str, bool] | None:
        """Return a template's text and whether it is the user's; None where there is none.

        A user's template that equals the packaged one is the packaged one.
        """
        packaged, own = self.package(name), self.user(name)
        if own is not None and own != packaged:
            return own, True
        return None if packaged is None else (packaged, False)


def quoted_concat(parts: Any) -> quoting.Quoted:
    """Return the text of a macro or block: all of it was checked when it was written."""
    return quoting.Quoted("".join(parts))


def environment(templates: Templates, *, sandboxed: bool) -> jinja2.Environment:
    """Return the environment: strict about names and quotes; sandboxed for a user's templates."""

    def load(name: str) -> tuple[str, str, None] | None:
        found = templates.load(name)
        return (found[0], FILE + name, None) if found else None

    kind = ImmutableSandboxedEnvironment if sandboxed else jinja2.Environment
    made = kind(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=quoting.finalize,
        loader=jinja2.FunctionLoader(load),
        optimized=False,  # to fold constants costs more than one rendering gains
        autoescape=False,
    )
    made.filters.update(FILTERS)
    for chance in ("random", "lipsum"):  # the same bytes, whenever it is rendered
        made.filters.pop(chance, None)
        made.globals.pop(chance, None)
    made.concat = quoted_concat  # type: ignore[method-assign]
    return made


class Renderer:
    """Renders templates by name; makes each of its two environments when it is first needed."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates
        self.made: dict[bool, jinja2.Environment] = {}
        self.compiled: dict[str, jinja2.Template] = {}

    def template(self, name: str) -> jinja2.Template:
        """Return a compiled template, read once; a fault in it is a `BrokenTemplate`."""
        if name not in self.compiled:
            self.compiled[name] = self.compile(name)
        return self.compiled[name]

    def compile(self, name: str) -> jinja2.Template:
        """Return a template that was not needed before."""
        with explained(name):
            found = self.templates.load(name)
        if found is None:
            raise BrokenTemplate(f"template {name!r} does not exist")
        sandboxed = found[1]
        if sandboxed not in self.made:
            self.made[sandboxed] = environment(self.templates, sandboxed=sandboxed)
        with explained(name):
            return self.made[sandboxed].get_template(name)

    def text(self, name: str, context: Mapping[str, Any]) -> str:
        """Return a template's whole text."""
        template = self.template(name)
        with explained(name):
            return str(template.render(context))

    def output(self, output: Output, context: Mapping[str, Any]) -> Rendered:
        """Return an output's text, whole and by blocks."""
        template = self.template(output.template)
        with explained(output.template):
            whole = str(template.render(context))
        return Rendered(
            output=output,
            destination=output.destination,
            whole=whole,
            blocks=Blocks(template, context, output.template),
        )


class Blocks(dict[str, str]):
    """The blocks of a template, rendered when one is asked for; most files are written whole."""

    def __init__(self, template: jinja2.Template, context: Mapping[str, Any], name: str) -> None:
        super().__init__(dict.fromkeys(template.blocks, ""))
        self.template, self.context, self.name = template, context, name

    def __getitem__(self, block: str) -> str:
        """Return a block's text without empty lines around it."""
        render = self.template.blocks[block]
        with explained(self.name):
            text = "".join(render(self.template.new_context(dict(self.context))))
        if has_markers(text):
            raise BrokenTemplate(f"{FILE}{self.name}: block {block!r} writes a marker of its own")
        return text.strip("\n") + "\n" if text.strip() else ""


class explained:  # noqa: N801 - read as a verb after `with`
    """Turns whatever a template raises into a `BrokenTemplate` with its place."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Raise the explanation; an interrupt or a broken template passes as it is."""
        if error is None or not isinstance(error, Exception) or isinstance(error, BrokenTemplate):
            return
        place = f"{FILE}{self.name}"
        if isinstance(error, jinja2.TemplateSyntaxError):
            place = f"{FILE}{error.name or self.name}:{error.lineno}"
        elif found := template_place(trace):
            place = found
        cause = " ".join(str(error).split()) or type(error).__name__
        raise BrokenTemplate(f"{place}: {cause}") from error


def template_place(trace: Any) -> str:
    """Return file and line of a traceback's innermost template, which jinja puts into it."""
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(FILE):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
