"""The demo brand's staff reports, one a month, as the company back office would export them."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, demo_part
from kosops.lib.periods import Month
from matrix.choices import CreatorKind, CreatorState, Platform
from matrix.models import SocialAccount, StaffReport


@demo_part(order=25)
class MonthlyStaffReports(DemoPart):
    """Leads of every KOS account and month; a few accounts win most of them."""

    name = "staff reports"
    fills = (StaffReport,)

    def prepare(self) -> None:
        self.added = 0
        self._reported: set[Month] = set()
        accounts = SocialAccount.objects.filter(
            brand=self.demo.brand,
            platform=Platform.XIAOHONGSHU,
            creator__kind=CreatorKind.KOS,
        ).exclude(creator__state=CreatorState.LEFT)
        self._accounts = list(accounts.select_related("creator").order_by("pk"))
        # What an account is worth: most little, some much.
        self._pull = [self.rng.lognormvariate(0, 1.1) for _account in self._accounts]

    def play(self, until: dt.datetime) -> None:
        month = Month.of(until.date() - dt.timedelta(days=3)).shifted(-1)
        if month in self._reported or month.first_day < self.demo.first_day:
            return
        self._reported.add(month)
        rows = [
            self._report(account, pull, month, until)
            for account, pull in zip(self._accounts, self._pull, strict=True)
            if not account.opened_on or account.opened_on <= month.last_day
        ]
        self.added += len(StaffReport.objects.bulk_create(rows, batch_size=1000))

    def _report(
        self, account: SocialAccount, pull: float, month: Month, taken_at: dt.datetime
    ) -> StaffReport:
        rng = self.rng
        notes = rng.choices((0, 2, 4, 7, 11), (8, 20, 34, 28, 10))[0]
        impressions = int(notes * pull * rng.uniform(700, 2600))
        clicks = int(impressions * rng.uniform(0.06, 0.14))
        inbound = int(clicks * rng.uniform(0.004, 0.012))
        opened = int(inbound * rng.uniform(0.5, 0.85))
        promoted = rng.choice((0, 0, 0, 1, 2)) if notes else 0
        return StaffReport(
            brand=account.brand,
            unit_id=account.unit_id,
            account=account,
            creator=account.creator,
            period_from=month.first_day,
            period_to=month.last_day,
            notes=notes,
            promoted_notes=promoted,
            promotion_spend=promoted * rng.randint(80, 400) * 100,
            interactions=int(clicks * rng.uniform(0.05, 0.12)),
            form_leads=int(clicks * rng.uniform(0, 0.002)),
            dm_inbound=inbound,
            dm_opened=opened,
            dm_leads=int(opened * rng.uniform(0.2, 0.5)),
            impressions=impressions,
            clicks=clicks,
            source="xiaohongshu-company",
            taken_at=taken_at,
        )

    def figures(self) -> dict[str, int]:
        return {"staff_reports": self.added}
