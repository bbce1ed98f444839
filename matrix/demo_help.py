"""Requests for help of the demo brand: most answered, some waiting."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from matrix import help_requests
from matrix.choices import CreatorState, HelpKind
from matrix.models import Creator, HelpRequest

# What is asked, and what is answered.
ASKED = (
    (HelpKind.MATERIAL, "新品精华有没有横版的图？小红书封面想用，现在素材里只有竖版。", "横版三张已放进素材库，搜“精华 横版”就有。"),
    (HelpKind.MATERIAL, "十二月礼盒的文案什么时候发？想提前三天准备。", "本周五下午六点前发到素材库，会在群里提醒。"),
    (HelpKind.PRODUCT, "客人问孕妇能不能用这款面霜，我该怎么回答？", "可以说成分表在包装上，孕期请先问医生；不要自己下结论。"),
    (HelpKind.PRODUCT, "口红 308 和 312 的区别一句话怎么讲清楚？", "308 偏暖，日常通勤；312 偏冷，显白更明显。"),
    (HelpKind.ACCOUNT, "小红书提示我笔记限流，标题里没有违规词，怎么办？", "先别删。把笔记链接发来，我们帮你看封面和评论区。"),
    (HelpKind.ACCOUNT, "换了手机，抖音账号登录不上，验证码收不到。", "已联系平台客服，明天上午店长会带你一起办。"),
    (HelpKind.PAYMENT, "上个月有一单退了一半，佣金为什么全扣了？", "已查：系统按退款比例扣回，差额会在下次结算补上，明细里可以看到。"),
    (HelpKind.PAYMENT, "银行卡换了，下次打款前改来得及吗？", "25 号前改好都来得及，在结算信息里更新即可。"),
    (HelpKind.OTHER, "想参加下个月的线下体验日，还有名额吗？", "还有六个名额，已经帮你留了一个。"),
)  # fmt: skip
DAYS = 28
COUNT = 60
# How many days before the end requests are still without an answer, and of how many.
OPEN_DAYS, OPEN_OF = 3, 3


@demo_part(order=94)
class HelpRequests(DemoPart):
    """A month of questions; the latest wait."""

    name = "help"
    fills = (HelpRequest,)

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        brand = self.demo.brand
        people = Creator.objects.filter(brand=brand, state=CreatorState.ACTIVE).exclude(tier="")
        creators = list(people.select_related("store").order_by("pk"))
        own = [one for one in creators if one.person_id]
        lin = Person.objects.get(username="lin")
        for number in range(self.demo.size(COUNT, least=12)):
            creator = (
                own[number // 6 % len(own)]
                if own and number % 6 == 0
                else self.rng.choice(creators)
            )
            kind, text, answer = ASKED[self.rng.randrange(len(ASKED))]
            days = OPEN_DAYS if number % 4 == 3 else DAYS
            asked = until - dt.timedelta(hours=self.rng.randint(2, days * 24))
            self._one(creator, kind, text, answer, asked, until, lin)

    def _one(
        self,
        creator: Creator,
        kind: str,
        text: str,
        answer: str,
        asked: dt.datetime,
        until: dt.datetime,
        lin: Person,
    ) -> None:
        key = uuid.UUID(int=self.rng.getrandbits(128))
        with clock(asked):
            request = help_requests.ask(
                by=creator.person, creator=creator, kind=kind, text=text, client_key=key
            )
        late = asked > until - dt.timedelta(days=OPEN_DAYS)
        if late and self.rng.randrange(OPEN_OF):
            return
        answered = asked + dt.timedelta(minutes=int(self.rng.lognormvariate(5.2, 1.1)))
        if answered >= until:
            return
        with clock(answered):
            help_requests.answer(by=lin, request=request, text=answer)

    def figures(self) -> dict[str, int]:
        return {"help_requests": HelpRequest.objects.filter(creator__brand=self.demo.brand).count()}
