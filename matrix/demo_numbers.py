"""The demo brand's numbers of the private matrix, and what its accounts are there for."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from accounts.choices import UnitKind
from accounts.demo import DemoPart, demo_part
from accounts.models import Unit
from matrix.choices import (
    AccountPurpose,
    AccountRole,
    Domain,
    OwnerProof,
    Ownership,
    Platform,
    PrivateLayer,
)
from matrix.models import SocialAccount

OF_BRAND = (
    (AccountRole.EXPERIENCE_CENTRE, "澄野体验官", PrivateLayer.RELATION, AccountPurpose.BRAND),
    (AccountRole.WELFARE_OFFICER, "澄野福利官", PrivateLayer.INTEREST, AccountPurpose.SALES),
    (AccountRole.MEMBER_MANAGER, "澄野会员管家", PrivateLayer.SERVICE, AccountPurpose.SERVICE),
)
# Of a hundred stores, how many have the number.
OF_STORE = (
    (AccountRole.STORE_NUMBER, "{}", PrivateLayer.SERVICE, 85),
    (AccountRole.MANAGER_NUMBER, "{}店长", PrivateLayer.RELATION, 60),
    (AccountRole.EMPLOYEE_NUMBER, "{}值班顾问", PrivateLayer.SERVICE, 45),
)


@demo_part(order=21)
class PrivateNumbers(DemoPart):
    """Numbers that headquarters and stores run in WeCom, with gaps; purposes of all accounts."""

    name = "numbers"
    fills: ClassVar = (SocialAccount,)

    def prepare(self) -> None:
        brand = self.demo.brand
        SocialAccount.objects.filter(brand=brand, creator=None).update(purpose=AccountPurpose.BRAND)
        of_people = SocialAccount.objects.filter(brand=brand, creator__isnull=False)
        of_people.filter(domain=Domain.PUBLIC).update(purpose=AccountPurpose.SALES)
        of_people.filter(domain=Domain.PRIVATE).update(purpose=AccountPurpose.SERVICE)
        added = [self._number(brand, *number) for number in OF_BRAND]
        for store in Unit.objects.filter(brand=brand, kind=UnitKind.STORE).order_by("pk"):
            short = store.name.removesuffix("店")
            added += [
                self._number(store, role, handle.format(short), layer, AccountPurpose.SERVICE)
                for role, handle, layer, percent in OF_STORE
                if self.rng.random() * 100 < percent
            ]
        SocialAccount.objects.bulk_create(added, batch_size=1000)
        self.added = len(added)

    def figures(self) -> dict[str, int]:
        return {"accounts": self.added}

    def _number(
        self, unit: Unit, role: str, handle: str, layer: str, purpose: str
    ) -> SocialAccount:
        return SocialAccount(
            brand=self.demo.brand,
            unit=unit,
            platform=Platform.WECOM,
            domain=Domain.PRIVATE,
            private_layer=layer,
            role=role,
            purpose=purpose,
            ownership=Ownership.COMPANY_OPENED,
            owner_proof=OwnerProof.COMPANY,
            handle=handle,
            platform_uid=f"{self.rng.getrandbits(96):024x}",
            opened_on=self.demo.first_day - dt.timedelta(days=self.rng.randint(20, 400)),
        )
