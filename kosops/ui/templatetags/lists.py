"""Cells of a list whose columns can be chosen, and rows that can be chosen (a builtin)."""

from __future__ import annotations

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kosops.ui import bulk
from kosops.ui.listing import ListFilter

register = template.Library()
register.filter("undo_of", bulk.undo_of)


class CellNode(template.Node):
    """A cell is written, and what it shows is worked out, only where its column is shown."""

    child_nodelists = ("nodelist",)

    def __init__(self, code: str, css: FilterExpression | None, nodelist: NodeList) -> None:
        self.code = code
        self.css = css
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        found: ListFilter = context["filter"]
        column = found.shown_columns.get(self.code)
        if column is None:
            return SafeString("")
        css = " ".join(filter(None, ["num" if column.numeric else "", self._css(context)]))
        attributes = format_html(' class="{}"', css) if css else ""
        content = self.nodelist.render(context)
        if column is found.columns[0]:
            return format_html('<th scope="row"{}>{}</th>', attributes, content)
        return format_html(
            '<td{} data-label="{}">{}</td>', attributes, found.column_labels[self.code], content
        )

    def _css(self, context: Context) -> str:
        return str(self.css.resolve(context)) if self.css else ""


@register.tag
def cell(parser: Parser, token: Token) -> CellNode:
    """``{% cell "store" css="across" %}…{% endcell %}``: the cell of a column of ``filter``."""
    tag, code, *rest = token.split_contents()
    options = token_kwargs(rest, parser)
    if rest or options.keys() - {"css"} or code[0] not in "\"'" or code[0] != code[-1]:
        raise template.TemplateSyntaxError(f'{{% {tag} "column" css="…" %}} is what {tag} takes.')
    nodelist = parser.parse((f"end{tag}",))
    parser.delete_first_token()
    return CellNode(code[1:-1], options.get("css"), nodelist)
