"""The account grid at HQ: identity by domain and platform, private layers, roles, touchpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import access
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address
from matrix import figures, filters, grid, platforms
from matrix.choices import AccountPurpose, AccountRole, Domain, Platform, PrivateLayer
from matrix.definitions import MATRIX
from matrix.grid import Cell, Grid, Identity, Kind
from matrix.part import VIEW, Part, part_of, tabs

Text = str | Promise


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell as it is printed, with the ways to its rows."""

    label: Text
    cell: Cell
    strong: bool
    rows: str
    gap_href: str
    gap_words: str

    @property
    def share_bp(self) -> int | None:
        return formats.share_bp(self.cell.covered, self.cell.whole)

    @property
    def covered_words(self) -> str:
        return str(
            _("%(part)s of %(whole)s")
            % {
                "part": formats.number(self.cell.covered),
                "whole": formats.number(self.cell.whole or 0),
            }
        )


@dataclass(frozen=True, slots=True)
class KindRow:
    """A layer, role, purpose or touchpoint; without accounts it is a gap."""

    label: Text
    note: Text
    kind: Kind | None
    owners: Sequence[str] = ()
    rows: str = ""
    # False where this installation cannot keep accounts of the kind.

    @property
    def missing(self) -> bool:
        return self.kind is None


# P21: what each private touchpoint is for, and the platforms that make it.
TOUCHPOINTS: tuple[tuple[Text, Text, tuple[str, ...]], ...] = (
    (_("Official account"), _("Articles, quizzes, service"), (Platform.OFFICIAL_ACCOUNT,)),
    (_("WeChat Channels"), _("Video and live rooms"), (Platform.CHANNELS,)),
    (_("Mini-programme"), _("Purchase, membership, data"), (Platform.MINI_PROGRAMME,)),
    (_("WeChat account"), _("One to one, VIP care, Moments"), (Platform.WECOM, Platform.WECHAT)),
    (_("Groups"), _("Fans, benefits, feedback"), (Platform.GROUP,)),
)
HQ_ROLES = (
    AccountRole.EXPERIENCE_CENTRE,
    AccountRole.WELFARE_OFFICER,
    AccountRole.MEMBER_MANAGER,
)


@require_safe
@login_required
def grid_page(request: HttpRequest) -> HttpResponse:
    """``unit`` is the part of the tree."""
    access.require(request.user, VIEW)
    part = part_of(request)
    now = timezone.now()
    standing = figures.freshen(part.paths, now)
    counted = grid.read(part.paths, now)
    found, kinds = counted.grid, counted.kinds
    columns = _columns(request.user)
    context = {
        "part": part,
        "behind": standing.behind,
        "counted_at": standing.counted_at,
        "problems": part.problems,
        "covered_help": MATRIX["grid_covered"],
        "columns": columns,
        "lines": [
            (
                identity.label,
                MATRIX[f"identity_{identity.value}"],
                _cells(found, identity, part, columns),
            )
            for identity in Identity
        ],
        "layers": _rows(PrivateLayer, kinds["layer"], part, "layer"),
        "roles": _rows(AccountRole, kinds["role"], part, "role"),
        "purposes": _rows(AccountPurpose, kinds["purpose"], part, "purpose"),
        "touchpoints": _touchpoints(part, kinds["platform"]),
        "tabs": tabs("grid", part.unit),
    }
    return page_or_fragment(
        request,
        "matrix/grid.html",
        context,
        fragment="matrix/_grid.html",
        status=422 if part.problems else 200,
    )


# -- private -------------------------------------------------------------------


Columns = list[tuple[str, Text, bool]]


def _columns(person: Any) -> Columns:
    """(column, heading, whether it is a whole domain): the platforms that are in use."""
    found: Columns = []
    for domain in grid.COLUMNS:
        found.append((domain.value, domain.label, True))
        found += [(code, name, False) for code, name in platforms.used_where(person, VIEW, domain)]
    return found


def _public(columns: Columns) -> set[str]:
    """The column of the public domain and those of its platforms, which stand first."""
    codes = [code for code, _label, _whole in columns]
    return set(codes[: codes.index(Domain.PRIVATE)])


def _cells(found: Grid, identity: Identity, part: Part, columns: Columns) -> list[GridCell]:
    public = _public(columns)
    return [
        GridCell(
            label=label,
            cell=(cell := found.cell(identity, column)),
            strong=strong,
            rows=_accounts(part, column, identity),
            gap_href=_gap_address(identity, column, part, public) if cell.gap else "",
            gap_words=_gap_words(identity, column, cell.gap or 0) if strong else "",
        )
        for column, label, strong in columns
    ]


def _accounts(part: Part, column: str, identity: Identity) -> str:
    """The list of accounts, where this installation has one."""
    accounts = address_of("matrix:accounts")
    name = "domain" if column in Domain.values else "platform"
    return accounts + address({}, **{name: column}, **part.query) if accounts else ""


def _gap_address(identity: Identity, column: str, part: Part, public: set[str]) -> str:
    """Those who have no account there. Colleagues take over the leads of a KOC."""
    if identity == Identity.KOC and column not in public:
        return ""
    match identity:
        case Identity.KOS | Identity.KOC:
            query = {"kind": identity.value, "state": filters.CURRENT_STATES}
            return reverse("matrix:creators") + address({}, **query, without=column, **part.query)
        case Identity.STORE:
            return reverse("matrix:stores") + address({}, without=column, **part.query)
    return ""


def _gap_words(identity: Identity, column: str, count: int) -> str:
    """How many of an identity have no account in a domain, as in “412 KOS without one”."""
    shown = {"count": formats.number(count), "kind": identity.label}
    if identity not in (Identity.KOS, Identity.KOC):
        return ngettext("%(count)s without its own", "%(count)s without their own", count) % shown
    if column == Domain.PUBLIC:
        words = ngettext(
            "%(count)s %(kind)s without a public account",
            "%(count)s %(kind)s without a public account",
            count,
        )
    else:
        words = ngettext(
            "%(count)s %(kind)s without a private account",
            "%(count)s %(kind)s without a private account",
            count,
        )
    return words % shown


def _rows(choices: Any, found: dict[str, Kind], part: Part, name: str) -> list[KindRow]:
    accounts = address_of("matrix:accounts")
    return [
        KindRow(
            label=choice.label,
            note=_note(choice),
            kind=found.get(choice.value),
            rows=accounts + address({}, **{name: choice.value}, **part.query) if accounts else "",
        )
        for choice in choices
    ]


def _note(choice: Any) -> Text:
    if not isinstance(choice, AccountRole):
        return ""
    return _("run by headquarters") if choice in HQ_ROLES else _("run by the stores")


def _touchpoints(part: Part, found: dict[str, Kind]) -> list[KindRow]:
    """Whether each of the five private touchpoints exists, and who owns it."""
    names = grid.owners(part.paths, [code for *_words, codes in TOUCHPOINTS for code in codes])
    return [
        KindRow(
            label=label,
            note=note,
            kind=_together([found[code] for code in codes if code in found]),
            owners=[name for code in codes for name in names.get(code, ())][:3],
        )
        for label, note, codes in TOUCHPOINTS
    ]


def _together(kinds: list[Kind]) -> Kind | None:
    if not kinds:
        return None
    return Kind(
        code=kinds[0].code,
        accounts=sum(kind.accounts for kind in kinds),
        # A unit with both is counted once at least; the larger one is what is surely so.
        units=max(kind.units for kind in kinds),
        people=max(kind.people for kind in kinds),
    )
