"""Every component with content of an invented brand, to look at and to take screenshots of."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from kosops.ui import parts
from kosops.ui.bulk import Bulk, BulkAction
from kosops.ui.gallery_data import (
    KPI_ROWS,
    LIST_ROWS,
    MATERIALS,
    NOTES_BEFORE,
    NOTES_NOW,
    POSTS,
    RACE,
    RACE_TIED,
    STORES,
    TASKS,
    TIER_MONTHS,
    TONGUES,
    WAITING,
)
from kosops.ui.listing import ListColumn

View = Callable[..., HttpResponse]
_AT = datetime(2026, 11, 20, 1, 40, tzinfo=UTC)


def gallery_only(view: View) -> View:
    """The gallery does not exist in production."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (settings.DEBUG or getattr(settings, "UI_GALLERY", False)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


class SampleForm(forms.Form):
    name = forms.CharField(label="Name of the plan", max_length=80, initial="November skincare")
    rate = forms.DecimalField(
        label="Rate for the sharer", help_text="Percent of the line after discount, 0 to 20."
    )
    starts = forms.DateField(label="Starts on", widget=forms.DateInput(attrs={"type": "date"}))
    role = forms.ChoiceField(
        label="Role", choices=[("seller", "Seller"), ("sharer", "Sharer"), ("pot", "Store pot")]
    )
    note = forms.CharField(label="Reason", widget=forms.Textarea, required=False)
    shield = forms.BooleanField(label="Shield people already promoting for 30 days", required=False)


class UploadForm(forms.Form):
    file = forms.FileField(label="Choose a file or drop it here")


@gallery_only
def index(request: HttpRequest) -> HttpResponse:
    """All components."""
    if "toast" in request.GET:
        messages.success(request, "12 payouts approved. The payment file is ready to export.")
        messages.warning(request, "Two payouts go to accounts that were added this week.")
    bound = SampleForm({"name": "November skincare", "rate": "120", "role": "sharer"})
    bound.add_error("rate", "The rate may be at most 20. Write 12 for twelve percent.")
    return render(
        request,
        "ui/gallery.html",
        {
            **_overview_context(),
            "form": bound,
            "upload_form": UploadForm(),
            "steps": [
                parts.Step(label=_("File"), state="done"),
                parts.Step(label=_("Columns"), state="done"),
                parts.Step(label=_("Check"), state="current", note="412 good, 6 to fix"),
                parts.Step(label=_("Confirm")),
                parts.Step(label=_("Result")),
            ],
            "events": _events(),
            "rungs": _rungs(),
            "calc": _calculation(),
            "changes": [
                parts.Change(label="Rate, skincare", before="8%", after="6.5%"),
                parts.Change(
                    label="Applies to people already promoting",
                    before=None,
                    after="from 20 Dec 2026",
                ),
            ],
            "tab_items": [
                parts.Choice(label="People", href="?tab=people", selected=True, count=14),
                parts.Choice(label="Posts", href="?tab=posts", count=312),
                parts.Choice(label="Orders", href="?tab=orders"),
            ],
            "states": [
                "approved",
                "paid",
                "held",
                "pending",
                "running",
                "failed",
                "declined",
                "draft",
            ],
            "icon_sizes": [16, 18, 24],
            "list_filter": _list_filter(),
            "list_rows": LIST_ROWS,
            "bulk": Bulk(
                address="?",
                choices=[
                    BulkAction(code="pause", label="Pause", icon="pause"),
                    BulkAction(code="resume", label="Take up again", icon="play"),
                ],
            ),
            "facts": [
                ("Employee number", "CY-0412"),
                ("Store", "Shanghai Jing'an Kerry"),
                ("Since", "3 Mar 2024"),
            ],
            "tree": _tree(),
            "tongues": TONGUES,
            "now": _AT,
            "post_cards": POSTS,
            "materials": MATERIALS,
            "podium": parts.podium(RACE),
            "podium_tied": parts.podium(RACE_TIED),
        },
    )


@gallery_only
def overview(request: HttpRequest) -> HttpResponse:
    """The HQ overview of the pictures, put together from components."""
    return render(
        request, "ui/overview.html", _overview_context(request.GET.get("metric", "notes"))
    )


@gallery_only
def staff(request: HttpRequest) -> HttpResponse:
    """The phone page of the pictures."""
    return render(
        request,
        "ui/staff.html",
        {"today": _AT, "tasks": TASKS, "materials": MATERIALS, "podium": parts.podium(RACE)},
    )


@gallery_only
def job(request: HttpRequest) -> HttpResponse:
    """One tick of a running job, for the polling component."""
    done = min(20_000, int(request.GET.get("done", "0")) + 4_000)
    finished = done >= 20_000
    return render(
        request,
        "components/job_progress.html",
        {
            "title": "Import orders-november.xlsx",
            "state": "done" if finished else "running",
            "state_label": _("Done") if finished else _("Running"),
            "done": done,
            "total": 20_000,
            "poll": "" if finished else f"{reverse('ui:gallery_job')}?done={done}",
        },
    )


def _overview_context(selected: str = "notes") -> dict[str, Any]:
    periods = ["7 days", "Month to date", "Quarter"]
    return {
        "kpis": [
            parts.Kpi(**{**row, "selected": row["href"] == f"?metric={selected}"})
            for row in KPI_ROWS
        ],
        "waiting": [
            parts.Waiting(
                text=format_html("<b>{}</b> {}", figure, words),
                note=note,
                icon=icon,
                rank=rank,
                href="#",
            )
            for figure, words, note, icon, rank in WAITING
        ],
        "trend": parts.Chart(
            id="trend",
            title=_("Notes published per day"),
            labels=[str(n) for n in range(1, 21)],
            series=[
                parts.Series(name="1–20 Nov", values=NOTES_NOW),
                parts.Series(name="1–20 Oct", values=NOTES_BEFORE, dashed=True),
            ],
            summary="8,412 notes in 20 days, 12.4% more than in October; the highest day was the 16th.",
            links=[f"?day={n}" for n in range(1, 21)],
            open="Open the posts of the day",
            href="#",
            link="Open the posts",
        ),
        "tiers": parts.Chart(
            id="tiers",
            title=_("Creators by tier"),
            kind="stacked",
            labels=[month for month, *_heads in TIER_MONTHS],
            series=[
                parts.Series(
                    name=name,
                    values=[heads[place] for _month, *heads in TIER_MONTHS],
                    links=["", "", "", "", "", f"?tier={name}"],
                )
                for place, name in enumerate(["Junior", "Intermediate", "Senior"])
            ],
        ),
        "funnel_steps": [
            parts.FunnelStep(
                label="Saw a note",
                help="People who opened or played a note, as platforms count them.",
                value=3_184_000,
                href="#",
                as_figure=True,
            ),
            parts.FunnelStep(
                label="Interacted",
                help="People who liked, saved or commented.",
                value=412_600,
                href="#",
                as_figure=True,
            ),
            parts.FunnelStep(
                label="Scanned or messaged",
                help="People who scanned a code or wrote to an account.",
                value=38_420,
                href="#",
            ),
            parts.FunnelStep(
                label="Added on WeCom",
                help="People who added a store colleague.",
                value=21_906,
                href="#",
            ),
            parts.FunnelStep(
                label="First order",
                help="People who bought for the first time.",
                value=6_118,
                href="#",
            ),
            parts.FunnelStep(
                label="Bought again", help="People with a second order.", value=1_904, href="#"
            ),
        ],
        "stores": STORES,
        "page": SimpleNamespace(rows=STORES, next="b", previous=None),
        "periods": [
            parts.Choice(label=label, href="?", selected=label == "Month to date")
            for label in periods
        ],
    }


def _list_filter() -> SimpleNamespace:
    """What a list's template asks of its filter; the gallery has no rows in a database."""
    columns = [
        ListColumn(code="name", label="Name", sort="name"),
        ListColumn(code="store", label="Store"),
        ListColumn(code="payable", label="Payable", numeric=True, sort="payable"),
    ]
    return SimpleNamespace(
        columns=columns,
        shown_columns={column.code: column for column in columns},
        column_labels={column.code: str(column.label) for column in columns},
        column_choices=[(column, True) for column in columns[1:]],
    )


def _events() -> list[parts.Event]:
    return [
        parts.Event(
            text="Promoted to Intermediate",
            at=_AT,
            by="Nightly evaluation",
            icon="trending-up",
            state="good",
            note="18 approved notes in 90 days (needs 12), 4,310 interactions (needs 3,000).",
        ),
        parts.Event(
            text="Commission of ¥312.00 held until 27 Nov",
            at=_AT,
            by="Commission run",
            icon="clock",
            state="warn",
        ),
        parts.Event(text="Paired 周敏@shanghai with WeCom zhoumin", at=_AT, by="Lin", icon="link"),
    ]


def _rungs() -> list[parts.Rung]:
    return [
        parts.Rung(
            name="Junior",
            level=1,
            heads=902,
            share_bp=6780,
            href="#",
            rules=["Joined the programme and passed the trial."],
        ),
        parts.Rung(
            name="Intermediate",
            level=2,
            heads=351,
            share_bp=2637,
            href="#",
            rules=[
                "At least 12 approved notes in 90 days.",
                "At least 3,000 interactions in 90 days.",
            ],
            keeps=["At least 8 approved notes in 90 days."],
        ),
        parts.Rung(
            name="Senior",
            level=3,
            heads=78,
            share_bp=583,
            href="#",
            rules=["At least 24 approved notes in 90 days.", "One note with 1,000 interactions."],
            keeps=["At least 16 approved notes in 90 days."],
        ),
    ]


def _calculation() -> list[parts.CalcRow]:
    return [
        parts.CalcRow(
            label="Line after discount",
            how="2 × Barrier cream 50 ml, order XD20261108-0417",
            value="¥596.00",
        ),
        parts.CalcRow(
            label="Rate",
            how="Sharer, skincare, Intermediate tier: plan “November skincare”, version 3",
            value="8%",
        ),
        parts.CalcRow(
            label="Commission", how="¥596.00 × 8%, rounded down to the cent", value="¥47.68"
        ),
        parts.CalcRow(
            label="Refund of 12 Nov",
            how="1 of 2 pieces returned, at the same rate",
            value="−¥23.84",
        ),
        parts.CalcRow(label="Payable", value="¥23.84", kind="sum"),
        parts.CalcRow(
            label="Held until 27 Nov 2026, when the return window has passed.", kind="note"
        ),
    ]


def _tree() -> list[dict[str, Any]]:
    return [
        {
            "depth": 1,
            "name": "Chengye Beauty",
            "kind": "Brand",
            "kos": 240,
            "koc": 600,
            "paired": 92,
        },
        {"depth": 2, "name": "East China", "kind": "Region", "kos": 71, "koc": 188, "paired": 96},
        {
            "depth": 3,
            "name": "Shanghai Jing'an Kerry",
            "kind": "Store",
            "kos": 14,
            "koc": 31,
            "paired": 100,
        },
        {
            "depth": 3,
            "name": "Hangzhou Hubin Yintai",
            "kind": "Store",
            "kos": 12,
            "koc": None,
            "paired": 83,
        },
    ]
