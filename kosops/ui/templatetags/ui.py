"""Tags and filters of every template (a builtin: no ``{% load %}`` needed).

templates/components/README.md shows each with an example.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language, gettext

from kosops.ui import charts, definitions, drawing, formats, icons
from kosops.ui import qr as qr_codes
from kosops.ui.parts import Chart, FunnelStep

register = template.Library()

Number = int | float | Decimal | None
Values = Sequence[int | float | None]

_TONES = {
    "good": "approved paid done active live released posted matched ok succeeded reconciled verified",
    "bad": "failed refused rejected declined error banned clawed_back dead cancelled",
    "warn": "pending held waiting draft_review checking paused expiring partial at_risk review",
    "info": "running submitted exported in_flight processing ready scheduled accrued frozen",
}
_TONE_OF = {state: tone for tone, states in _TONES.items() for state in states.split()}
_TONE_ICONS = {"good": "check", "bad": "x", "warn": "clock", "info": "circle-alert"}


def not_in_yet() -> str:
    """What stands where a platform has not sent a figure."""
    return gettext("not in yet")


# -- numbers and dates ---------------------------------------------------------


@register.filter
def number(value: Any, digits: int | None = None) -> str:
    """12345 as 12,345; None as "not in yet"."""
    return not_in_yet() if _unknown(value) else formats.number(value, digits)


@register.filter
def short_number(value: Any) -> str:
    """1264000 as 1.26M or 126.4万."""
    if _unknown(value):
        return not_in_yet()
    return formats.short_number(value, get_language())


@register.filter
def money(minor: Any, currency: str | None = None) -> str:
    """284650 as ¥2,846.50. The currency is the brand's unless given."""
    if _unknown(minor):
        return not_in_yet()
    return formats.money(minor, currency or _home(), _home())


@register.simple_tag
def amount(minor: int | None, currency: str = "") -> str:
    """The filter ``money`` for a currency that may be missing."""
    return money(minor, currency or None)


@register.filter
def short_money(minor: Any, currency: str | None = None) -> str:
    """684000000 as ¥6.84M or ¥684.0万; for overviews, never for what is paid."""
    if _unknown(minor):
        return not_in_yet()
    return formats.short_money(minor, currency or _home(), get_language(), _home())


@register.filter
def whole_money(minor: Any, currency: str | None = None) -> str:
    """34280000 as ¥342,800; for columns of overviews, never for what is paid."""
    if _unknown(minor):
        return not_in_yet()
    return formats.whole_money(minor, currency or _home(), _home())


@register.filter
def percent_bp(basis_points: Any, digits: int | None = None) -> str:
    """1240 as 12.4%."""
    if _unknown(basis_points):
        return not_in_yet()
    return formats.percent_bp(basis_points, digits)


@register.filter
def day(value: date | datetime | None, style: str = "full") -> str:
    """A date in the brand's time zone: full, short, month, short_month, weekday or iso."""
    if not value:
        return ""
    return formats.day(_local(value), get_language(), style)


@register.filter
def moment(value: datetime | None, style: str = "full") -> str:
    """A point in time in the brand's time zone: full, short (no year) or time."""
    if not value:
        return ""
    return formats.moment(cast(datetime, _local(value)), get_language(), style)


@register.simple_tag
def day_range(first: date, last: date, short: bool = False) -> str:
    """1 – 20 Nov 2026; short leaves the year out."""
    write = formats.day_range_short if short else formats.day_range
    return write(_local(first), _local(last), get_language())


@register.filter
def file_size(count: int | None) -> str:
    return "" if count is None else formats.size(count)


@register.filter
def initials(name: str) -> str:
    return formats.initials(str(name))


@register.filter
def tone(state: str) -> str:
    """good, bad, warn, info or neutral for the words that states are called by."""
    return _TONE_OF.get(str(state), "neutral")


# -- small pieces --------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 18, css: str = "") -> SafeString:
    """A Lucide icon; names are listed in assets/icons.txt."""
    return icons.svg(name, size, css)


@register.simple_tag(takes_context=True)
def button(
    context: Context,
    label: str,
    href: str = "",
    kind: str = "plain",
    icon: str = "",
    size: str = "",
    name: str = "",
    value: str = "",
    form_id: str = "",
    disabled: bool = False,
    css: str = "",
    id: str = "",
    type: str = "submit",
    download: bool = False,
) -> SafeString:
    """A link (with ``href``) or a button; one primary per view."""
    return _component(
        context,
        "button",
        label=label,
        href=href,
        kind=kind,
        icon=icon,
        size=size,
        name=name,
        value=value,
        form_id=form_id,
        disabled=disabled,
        css=css,
        id=id,
        type=type,
        download=download,
    )


@register.simple_tag(takes_context=True)
def badge(
    context: Context, label: str, state: str = "", tone: str = "", icon: str | None = None
) -> SafeString:
    """A state in words: ``{% badge label state=order.state %}`` or ``tone="warn"``."""
    kind = tone or _TONE_OF.get(str(state), "neutral")
    sign = _TONE_ICONS.get(kind, "") if icon is None else icon
    return _component(context, "badge", label=label, tone=kind, sign=sign)


@register.simple_tag(takes_context=True)
def delta(context: Context, change_bp: int | None, good: str = "up", note: str = "") -> SafeString:
    """A change with its arrow; green or red only where one direction is good."""
    way = "flat" if not change_bp else ("up" if change_bp > 0 else "down")
    kind = "flat" if way == "flat" or not good else ("good" if way == good else "bad")
    shown = None if change_bp is None else formats.percent_bp(abs(change_bp), 1)
    return _component(context, "delta", way=way, kind=kind, shown=shown, note=note)


@register.simple_tag
def bar(
    part: Number, whole: Number, label: str = "", tone: str = "", height: int = 6
) -> SafeString:
    """A part of a whole as a bar (SVG, as widths may not stand in style attributes)."""
    width = drawing.bar_share(_plain(part), _plain(whole))
    return format_html(
        '<svg class="bar{}" width="100%" height="{}" {}>'
        '<rect class="bar-track" width="100%" height="100%" rx="3"/>'
        '<rect class="bar-fill" width="{}%" height="100%" rx="3"/></svg>',
        f" bar-{tone}" if tone else "",
        height,
        _image_name(label),
        width,
    )


@register.simple_tag(takes_context=True)
def sparkline(
    context: Context,
    values: Values,
    before: Values | None = None,
    label: str = "",
    height: int = 28,
) -> SafeString:
    """A small line, with an earlier period dotted behind it."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return mark_safe("")
    before = before or ()
    scale = drawing.spark_scale([values, before], height, 2)
    return _component(
        context,
        "sparkline",
        line=drawing.line_path(values, 100, scale),
        before=drawing.line_path(before, 100, scale),
        height=height,
        naming=_image_name(label),
    )


@register.simple_tag(takes_context=True)
def qr(context: Context, text: str, label: str, size: int = 176, note: str = "") -> SafeString:
    """A QR code of an address; ``label`` says where it leads to whoever cannot see it."""
    return _component(
        context, "qr", code=qr_codes.code(str(text)), label=label, size=size, note=note
    )


# -- charts --------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def chart(context: Context, data: Chart, height: int = 300) -> SafeString:
    """A chart with summary and table twin; drawn by the server where script is off."""
    language = get_language() or "en"
    return _component(
        context,
        "chart",
        chart=data,
        height=height,
        payload=charts.payload(data, height, language, not_in_yet()),
        payload_id=f"{data.id}-data",
        rows=charts.rows(data, language, not_in_yet()),
        drawn=charts.drawn(data, height, language),
    )


@register.simple_tag(takes_context=True)
def funnel(context: Context, steps: Sequence[FunnelStep]) -> SafeString:
    """People from step to step: bars on one scale with the rate between them."""
    return _component(context, "funnel", funnel=charts.funnel(steps))


@register.simple_tag(takes_context=True)
def stacked_bars(context: Context, data: Chart, height: int = 200) -> SafeString:
    """Bars of stacked parts, drawn by the server: no chart code needed."""
    language = get_language() or "en"
    return _component(
        context,
        "stacked_bars",
        chart=data,
        rows=charts.rows(data, language, not_in_yet()),
        drawn=charts.drawn(data, height, language),
        latest=[
            charts.text(s.values[-1] if s.values else None, data, language, not_in_yet())
            for s in data.series
        ],
    )


# -- frames around a page's own markup -----------------------------------------


@register.simple_block_tag(takes_context=True)
def card(
    context: Context,
    content: str,
    title: str = "",
    scope: str = "",
    css: str = "",
    id: str = "",
    href: str = "",
    link: str = "",
    flush: bool = False,
    help: str = "",
) -> SafeString:
    """A bordered section: ``{% card title=_("KOC tiers") scope=_("...") %}...{% endcard %}``."""
    return _component(
        context,
        "card",
        title=title,
        scope=scope,
        css=css,
        id=id,
        href=href,
        link=link,
        flush=flush,
        help=help,
        content=content,
    )


@register.simple_block_tag(takes_context=True)
def table(
    context: Context,
    content: str,
    caption: str = "",
    page: Any = None,
    id: str = "",
    total: int | None = None,
    css: str = "",
    cursor_name: str = "cursor",
    target: str = "",
) -> SafeString:
    """The frame of a list: caption, scrolling, row keys, paging; cards under 640 px."""
    return _component(
        context,
        "table",
        caption=caption,
        page=page,
        id=id,
        total=total,
        css=css,
        cursor_name=cursor_name,
        target=target,
        content=content,
    )


@register.simple_tag(takes_context=True)
def sort_header(
    context: Context,
    key: str,
    label: str,
    numeric: bool = False,
    help: str = "",
    param: str = "sort",
    define: str = "",
) -> SafeString:
    """A column head that sorts by ``?sort=key`` and ``?sort=-key``; numbers start downwards.

    ``define`` is the code of a registered definition, ``help`` one that stands only here.
    """
    current = _query(context).get(param, "")
    if current == key:
        state, following = "ascending", f"-{key}"
    elif current == f"-{key}":
        state, following = "descending", key
    else:
        state, following = "", f"-{key}" if numeric else key
    query = _query(context).copy()
    query[param] = following
    query.pop("cursor", None)
    query.pop("page", None)
    return _component(
        context,
        "sort_header",
        label=label,
        numeric=numeric,
        state=state,
        help=definitions.text(define) if define else help,
        href=f"?{query.urlencode()}",
    )


@register.simple_tag(takes_context=True)
def column(
    context: Context, label: str, define: str = "", help: str = "", numeric: bool = True
) -> SafeString:
    """A column head that says what its figures are."""
    return _component(
        context,
        "column",
        label=label,
        numeric=numeric,
        help=definitions.text(define) if define else help,
    )


@register.simple_tag(takes_context=True)
def definition(context: Context, code: str, label: str) -> SafeString:
    """The "i" of a figure whose definition is registered."""
    return _component(context, "help", text=definitions.text(code), label=label)


@register.simple_block_tag(takes_context=True)
def filter_bar(
    context: Context, content: str, target: str = "", clear: str = "", chips: Sequence[Any] = ()
) -> SafeString:
    """A GET form that filters the list under it; works without script by its button."""
    return _component(
        context, "filter_bar", target=target, clear=clear, chips=chips, content=content
    )


@register.simple_block_tag(takes_context=True)
def menu(
    context: Context,
    content: str,
    label: str = "",
    icon: str = "",
    css: str = "",
    align: str = "start",
    only_icon: bool = False,
) -> SafeString:
    """A button that opens a panel (details/summary, so it needs no script)."""
    return _component(
        context,
        "menu",
        label=label,
        icon=icon,
        css=css,
        align=align,
        only_icon=only_icon,
        content=content,
    )


@register.simple_block_tag(takes_context=True)
def dialog(
    context: Context, content: str, id: str = "", title: str = "", css: str = ""
) -> SafeString:
    """A dialog opened by ``<a href="..." data-kos-dialog="id">``; the href works without script."""
    return _component(context, "dialog", id=id, title=title, css=css, content=content)


@register.simple_block_tag(takes_context=True)
def peek(context: Context, content: str, title: str = "", scope: str = "") -> SafeString:
    """A thing in short, as a list asks for it (`kosops.lib.htmx.PEEK`)."""
    return _component(context, "peek", title=title, scope=scope, content=content)


@register.simple_block_tag(takes_context=True)
def sheet(context: Context, content: str, id: str = "", title: str = "") -> SafeString:
    """From below on the phone, at the right on a wide screen; opened like a dialog."""
    return _component(context, "sheet", id=id, title=title, content=content)


@register.simple_block_tag(takes_context=True)
def banner(
    context: Context, content: str, tone: str = "info", title: str = "", icon: str = ""
) -> SafeString:
    """A message in the flow of the page: info, good, warn or bad."""
    signs = {
        "good": "circle-check",
        "bad": "circle-alert",
        "warn": "triangle-alert",
        "info": "info",
    }
    return _component(
        context,
        "banner",
        tone=tone,
        title=title,
        sign=icon or signs.get(tone, "info"),
        content=content,
    )


@register.simple_block_tag(takes_context=True)
def form(
    context: Context,
    content: str,
    form: Any = None,
    action: str = "",
    submit: str = "",
    cancel: str = "",
    method: str = "post",
    target: str = "",
    tone: str = "primary",
    id: str = "",
) -> SafeString:
    """A form with token, error summary, fields and buttons; the content stands above the fields."""
    return _component(
        context,
        "form",
        form=form,
        action=action,
        submit=submit,
        cancel=cancel,
        method=method,
        target=target,
        tone=tone,
        id=id,
        content=content,
    )


@register.simple_tag(takes_context=True)
def field(
    context: Context, bound: BoundField, label: str = "", hint: str | None = None
) -> SafeString:
    """One form field with label, hint and errors joined to it. ``hint=""`` leaves the hint out.

    The first field that was refused gets the focus, so that nobody has to walk there again.
    """
    widget = bound.field.widget
    if bound.errors and bound.name == next(iter(_refused(bound.form)), None):
        widget.attrs["autofocus"] = True
    kind = getattr(widget, "input_type", "") or ""
    return _component(
        context,
        "field",
        field=bound,
        kind=kind,
        label=label or bound.label,
        hint=bound.help_text if hint is None else hint,
        many=widget.__class__.__name__ in ("RadioSelect", "CheckboxSelectMultiple"),
    )


@register.simple_tag(takes_context=True)
def echo_block(context: Context, name: str) -> SafeString:
    """The text of a template block a second time, without its markup (for <title>)."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    if block is None:
        return mark_safe("")
    markup = block.render(context)
    words = template.defaultfilters.striptags(markup).split()
    # The markup was escaped when the block was rendered.
    return mark_safe(" ".join(words))  # noqa: S308


@register.simple_tag(takes_context=True)
def with_query(context: Context, name: str, value: str) -> str:
    """This page's address with one parameter set; ``querystring`` where its name is a variable."""
    query = _query(context).copy()
    query[name] = value
    return f"?{query.urlencode()}"


@register.filter
def absolute(value: Any) -> Any:
    return None if value is None else abs(value)


@register.filter
def id_of(value: str) -> str:
    """A text as an id attribute."""
    return slugify(str(value)) or "part"


@register.filter
def at(values: Sequence[Any], index: int) -> Any:
    """The value at an index; empty where there is none."""
    try:
        return values[index]
    except (IndexError, KeyError, TypeError):
        return ""


# -- private -------------------------------------------------------------------


def _component(context: Context, name: str, /, **values: Any) -> SafeString:
    engine = cast(template.base.Template, context.template).engine
    found = engine.get_template(f"components/{name}.html")
    with context.push(**values):
        return found.render(context)


def _refused(form: Any) -> list[str]:
    """Names of the fields with errors, in the order in which they are shown."""
    return [name for name in form.fields if name in form.errors]


def _unknown(value: Any) -> bool:
    """None, or a variable that the template does not have."""
    return value is None or value == ""


def _image_name(label: str) -> SafeString:
    """A drawing with a name is an image; without one the words beside it say the same."""
    if not label:
        return mark_safe('aria-hidden="true" focusable="false"')
    return format_html('role="img" aria-label="{}"', conditional_escape(label))


def _query(context: Context) -> Any:
    request = context.get("request")
    if request is None:
        from django.http import QueryDict

        return QueryDict(mutable=True)
    return request.GET


def _plain(value: Number) -> float | None:
    return None if value is None else float(value)


def _local(value: date) -> date:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _home() -> str:
    return str(getattr(settings, "CURRENCY", "CNY"))
