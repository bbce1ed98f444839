"""The demo's dry run: what the plan that waits for approval would have cost."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import dry_runs
from incentives.models import DryRun, DryRunPerson, PlanVersion
from incentives.plan_choices import PlanState
from kosops.lib.periods import Month

MONTHS = 2


@demo_part(order=56)
class DryRuns(DemoPart):
    """Lin tried the next plan on the last months before she submitted it."""

    name = "dry_runs"
    fills = (DryRun, DryRunPerson)

    def play(self, until: dt.datetime) -> None:
        brand, last = self.demo.brand, self.demo.last_day
        waiting = PlanVersion.objects.filter(brand=brand, state=PlanState.SUBMITTED).first()
        if waiting is None or dry_runs.latest(waiting):
            return
        month = Month.of(last).shifted(-1)
        with clock(self.demo.at(last, 11, 30)):
            dry_run = dry_runs.begin(
                by=Person.objects.get(username="lin"),
                version=waiting,
                first=max(month.shifted(1 - MONTHS), Month.of(self.demo.first_day)),
                last=month,
            )
            dry_runs.work_out(dry_run)
