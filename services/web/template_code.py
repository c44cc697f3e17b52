"""How a template becomes Python: as Jinja does it, but a text is translated once, when its template is compiled.

Pages call `_` hundreds of times and escape thousands of values; both were half the time of drawing a list. It never
changes what a page says: the same templates give the same bytes.
"""

import re
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from services.web import language

_UNSAFE = re.compile(r"""[&<>"']""").search


def shown(value: Any) -> str:
    """What `escape` returns, for the kinds of values of which pages are full without its detours."""
    kind = type(value)
    if kind is str:
        return escape(value) if _UNSAFE(value) else value
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    return str(value) if kind is int else escape(value)


def _filled(said: str, fields: dict[str, nodes.Expr], call: nodes.Call) -> nodes.Expr:
    """A text with its fields in their places; the call itself for a text that only Jinja's own way says right."""
    parts = re.split(r"%\((\w+)\)s", said)  # words and the names of fields in turn
    words, names = parts[::2], parts[1::2]
    if any("%" in each or _UNSAFE(each) for each in words) or not set(names) <= set(fields):
        return call
    if not names:
        return nodes.Const(said, lineno=call.lineno)
    found: list[nodes.Expr] = [nodes.Const(Markup(words[0]))]  # noqa: S704 checked above
    for name, each in zip(names, words[1:], strict=True):
        found += [fields[name], nodes.Const(Markup(each))]  # noqa: S704 checked above
    return nodes.Concat(found, lineno=call.lineno)


class Translated(NodeTransformer):
    """Puts texts in the place of `_("…")` and `pgettext("…", "…")`; one that is no plain text stays a call."""

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 named by Jinja
        """What is drawn: the parts of a text one after the other, each escaped by itself."""
        self.generic_visit(node)
        drawn: list[nodes.Expr] = []
        for each in node.nodes:
            drawn += each.nodes if isinstance(each, nodes.Concat) else [each]
        node.nodes = drawn
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 named by Jinja
        """One call of a template."""
        self.generic_visit(node)
        given = [each.value for each in node.args if isinstance(each, nodes.Const)]
        if not isinstance(node.node, nodes.Name) or len(given) != len(node.args):
            return node
        if node.dyn_args or node.dyn_kwargs:
            return node
        name = node.node.name
        if name == "_" and len(given) == 1:
            said = language.gettext(given[0])
        elif name == "pgettext" and len(given) == 2:
            said = language.pgettext(*given)
        else:
            return node
        return _filled(said, {each.key: each.value for each in node.kwargs}, node)


class Written(CodeGenerator):
    """The code of a template in the language of now."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 named by Jinja
        """The whole template."""
        self.writeline(f"from {__name__} import shown")
        super().visit_Template(Translated().visit(node), frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002 as Jinja calls it
        """What stands before a value; a template here always escapes."""
        self.write("shown(")
