"""The demo brand's trade, a platform of its own, and its accounts on what it switched on."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, demo_part
from matrix import platforms
from matrix.choices import AccountState, Domain, OwnerProof, Ownership, Platform, Trade
from matrix.models import BrandPlatform, BrandTrade, SocialAccount

OWN = "dewu"
ACCOUNTS = ((Platform.WEIBO, "澄野美妆", 1_204_000), (OWN, "澄野美妆旗舰店", 8_600))


@demo_part(order=92)
class Platforms(DemoPart):
    """Late, so that no other part takes the new accounts for ones that post."""

    name = "platforms"
    fills = (BrandPlatform, BrandTrade)

    def prepare(self) -> None:
        brand = self.demo.brand
        platforms.set_trade(by=None, brand=brand, trade=Trade.WOMENS_GOODS)
        platforms.change_platform(by=None, brand=brand, code=Platform.WEIBO, in_use=True)
        platforms.add_platform(by=None, brand=brand, code=OWN, name="得物", domain=Domain.PUBLIC)
        platforms.change_platform(
            by=None,
            brand=brand,
            code=OWN,
            trade=Trade.WOMENS_GOODS,
            advice="年轻客人在这里比价、看开箱；新品礼盒先在这里试水。",
        )
        for code, handle, followers in ACCOUNTS:
            SocialAccount.objects.create(
                brand=brand,
                unit=brand,
                platform=code,
                domain=Domain.PUBLIC,
                ownership=Ownership.COMPANY_OPENED,
                owner_proof=OwnerProof.COMPANY,
                handle=handle,
                state=AccountState.ACTIVE,
                followers=followers,
                opened_on=self.demo.last_day - dt.timedelta(days=5),
            )

    def figures(self) -> dict[str, int]:
        return {"platform_accounts": len(ACCOUNTS)}
