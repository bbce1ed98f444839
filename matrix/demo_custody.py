"""The demo brand's custody and register of violations."""

from __future__ import annotations

import datetime as dt

from django.core.files.base import ContentFile

from accounts.demo import DemoPart, demo_part
from accounts.models import Person
from kosops.lib import secrets
from matrix import evidence, phones
from matrix.choices import AccountState, Domain, Ownership
from matrix.custody_choices import EventKind, SimOwner
from matrix.models import AccountEvent, Custody, SocialAccount

NAMED = 86  # of a hundred accounts of the company, how many have somebody named
SIGNED = 92
WARNED = 0.03  # of the public accounts that are in use
SCAN = b"%PDF-1.4\n% A scan of the paper that giver and taker signed.\n%%EOF\n"
NOTES: dict[str, str] = {
    EventKind.WARNING: "标题含“最”字，平台提示修改",
    EventKind.THROTTLED: "同一文案多账号发布，推荐流量下降",
    EventKind.REMOVED: "评论区留微信号，笔记被下架",
    EventKind.BANNED: "违规引流，账号封禁",
}


@demo_part(order=22)
class CustodyAndRegister(DemoPart):
    """Who holds the accounts of the company, most of it signed, and what platforms did."""

    name = "custody"
    fills = (Custody, AccountEvent)

    def prepare(self) -> None:
        self.lin = Person.objects.get(username="lin")
        self.manager = Person.objects.get(username="he")
        scan = ContentFile(SCAN, name="交接单.pdf")
        self.paper = evidence.keep(by=self.lin, unit=self.demo.brand, file=scan)
        accounts = list(
            SocialAccount.objects.filter(brand=self.demo.brand)
            .exclude(state=AccountState.CLOSED)
            .select_related("creator__person", "unit")
            .order_by("pk")
        )
        held = [self._custody(each) for each in accounts if self._is_named(each)]
        Custody.objects.bulk_create(held, batch_size=1000)
        events = [event for each in accounts for event in self._events(each)]
        AccountEvent.objects.bulk_create(events, batch_size=1000)
        self.added = {"custodies": len(held), "events": len(events)}

    def figures(self) -> dict[str, int]:
        return self.added

    def _is_named(self, account: SocialAccount) -> bool:
        creator = account.creator
        if account.ownership == Ownership.PERSONAL:
            return False
        if creator is None:
            return account.unit_id == self.demo.brand.pk or self.rng.random() < 0.5
        return creator.person_id is not None or self.rng.random() * 100 < NAMED

    def _custody(self, account: SocialAccount) -> Custody:
        creator = account.creator
        since = max(account.opened_on or self.demo.first_day, dt.date(2025, 1, 6))
        person = None if creator else self.lin
        number = f"13{self.rng.randrange(10**9):09d}"
        custody = Custody(
            account=account,
            creator=creator,
            person=person,
            phone=secrets.encrypt(number),
            phone_masked=phones.masked(number),
            sim_owner=SimOwner.COMPANY if self.rng.random() < 0.8 else SimOwner.HOLDER,
            since=since,
            created_by=self.lin,
            created_at=self.demo.at(since, 10),
        )
        if creator is None:
            return custody
        self._sign(custody, "giver", self.lin, self.demo.at(since, 11))
        # Who signs in can sign by themselves; the others signed a paper.
        if creator.person_id is None and self.rng.random() * 100 < SIGNED:
            self._sign(custody, "taker", self.manager, self.demo.at(since, 12))
            custody.taker_name = creator.name
            custody.taker_on_paper, custody.evidence = True, self.paper
        return custody

    def _sign(self, custody: Custody, side: str, by: Person, at: dt.datetime) -> None:
        setattr(custody, f"{side}_name", by.name)
        setattr(custody, f"{side}_by", by)
        setattr(custody, f"{side}_at", at)

    def _events(self, account: SocialAccount) -> list[AccountEvent]:
        """What led to the state that the account is in, and a few warnings besides."""
        kinds: list[str] = []
        if account.state == AccountState.BANNED:
            kinds = [EventKind.WARNING, EventKind.BANNED]
        elif account.state == AccountState.LIMITED:
            kinds = [EventKind.THROTTLED]
        elif account.domain == Domain.PUBLIC and self.rng.random() < WARNED:
            kinds = [self.rng.choice((EventKind.WARNING, EventKind.REMOVED))]
        day = self.demo.last_day - dt.timedelta(days=self.rng.randint(20, 90))
        found = []
        for kind in kinds:
            found.append(
                AccountEvent(
                    account=account,
                    kind=kind,
                    on=day,
                    note=NOTES[kind],
                    reference=f"XT{self.rng.randrange(10**8):08d}",
                    recorded_by=self.lin,
                    recorded_at=self.demo.at(day, 15),
                )
            )
            day += dt.timedelta(days=self.rng.randint(2, 12))
        return found
