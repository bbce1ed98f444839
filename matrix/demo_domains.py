"""The demo brand's KOC by programme and by domain: some work in groups rather than on platforms."""

from __future__ import annotations

from accounts.demo import DemoPart, demo_part
from accounts.models import Person
from kosops.lib import sql
from matrix import domains
from matrix.choices import (
    AccountState,
    CreatorKind,
    CreatorState,
    Domain,
    KocKind,
    Ownership,
    Platform,
    PrivateLayer,
    Programme,
)
from matrix.models import Creator, SocialAccount

# Of a hundred KOC.
DISTRIBUTION, NO_PROGRAMME, WITH_WECHAT = 28, 12, 24
SAID = 3
REASON = "只在会员群里活跃，账号已经不更新"


@demo_part(order=21)
class Domains(DemoPart):
    name = "domains"

    def prepare(self) -> None:
        rows = Creator.objects.filter(brand=self.demo.brand, kind=CreatorKind.KOC)
        people = list(rows.exclude(state=CreatorState.LEFT).order_by("pk"))
        for creator in people:
            creator.programme = self._programme(creator)
        sql.update_rows(people, ["programme"])
        SocialAccount.objects.bulk_create(
            self._wechat(creator)
            for creator in people
            if creator.person_id is None and self.rng.random() * 100 < WITH_WECHAT
        )
        lin = Person.objects.get(username="lin")
        both = domains.working_in(rows, "both").filter(state=CreatorState.ACTIVE)
        for creator in both.order_by("pk")[:SAID]:
            domains.change_domain(by=lin, creator=creator, domain=Domain.PRIVATE, reason=REASON)

    def _programme(self, creator: Creator) -> str:
        dice = self.rng.random() * 100
        if creator.koc_kind == KocKind.CONTRACTED or creator.person_id:
            return Programme.SEEDING
        if dice < DISTRIBUTION:
            return Programme.DISTRIBUTION
        return "" if dice < DISTRIBUTION + NO_PROGRAMME else Programme.SEEDING

    def _wechat(self, creator: Creator) -> SocialAccount:
        return SocialAccount(
            brand_id=creator.brand_id,
            unit_id=creator.store_id,
            creator=creator,
            platform=Platform.WECHAT,
            domain=Domain.PRIVATE,
            private_layer=PrivateLayer.INTEREST,
            ownership=Ownership.PERSONAL,
            owner_proof=creator.identity,
            handle=f"{creator.name[-1]}{creator.name[-1]}的护肤群",
            platform_uid=f"{self.rng.getrandbits(96):024x}",
            state=AccountState.ACTIVE,
            opened_on=creator.joined_on or self.demo.first_day,
        )
