"""What Xiaohongshu asks of the demo brand: a quota that fills up, and spend that is too low."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, demo_part
from matrix import platform_rules
from matrix.choices import Platform, PlatformRuleKind
from matrix.models import PlatformRule, SocialAccount

SOURCE = "小红书 KOS 权益说明"
PER_ACCOUNT = 180_00


@demo_part(order=93)
class PlatformRules(DemoPart):
    """After all accounts are there, so that the quota is a little above them."""

    name = "platform rules"
    fills = (PlatformRule,)

    def prepare(self) -> None:
        accounts = SocialAccount.objects.filter(
            brand=self.demo.brand, platform=Platform.XIAOHONGSHU
        )
        open_now = platform_rules.counted(accounts).count()
        half = self.demo.first_day + dt.timedelta(days=92)
        # The next full five above the accounts: near the quota, never over it.
        quota = 5 * (open_now // 5 + 1)
        for kind, value, since, note in (
            (PlatformRuleKind.KOS_QUOTA, quota // 2, self.demo.first_day, "首批名额"),
            (PlatformRuleKind.KOS_QUOTA, quota, half, "扩容后名额"),
            (
                PlatformRuleKind.MONTHLY_SPEND,
                max(1, open_now) * PER_ACCOUNT,
                self.demo.first_day,
                "低于此数，平台会收回名额",
            ),
        ):
            platform_rules.add_rule(
                by=None,
                brand=self.demo.brand,
                platform=Platform.XIAOHONGSHU,
                kind=kind,
                value=value,
                valid_from=since,
                source=SOURCE,
                note=note,
            )

    def figures(self) -> dict[str, int]:
        return {"platform_rules": 3}
