"""Two recruitments of the demo brand: a launch that far more people want than there are places, and
one that is always open.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from accounts.choices import UnitKind
from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person, Unit
from kosops.lib import sql
from matrix import applications, recruiting, scores, trials
from matrix.applications import Filled, NamedAccount
from matrix.choices import KocKind, Platform, Programme
from matrix.demo import COMMON, GIVEN, HANDLES, SURNAMES
from matrix.models import (
    Application,
    ApplicationAccount,
    Creator,
    Notice,
    RecruitmentChannel,
    SocialAccount,
    Trial,
)
from matrix.recruiting_choices import (
    ChannelKind,
    FieldKind,
    Mode,
    Purpose,
    Reason,
    Stage,
)
from matrix.recruiting_filters import RANKED
from matrix.trials import Address

LAUNCH, ALWAYS = 400, 60
PLACES, STANDING_PLACES = 24, 40
CONSENT = (
    "我们用你填写的信息来挑选参与者、寄送产品并告知结果，只有负责这个项目的同事可以看到。"
    "结果公布一年后我们会删除这些信息；你撤回申请时立即删除。你可以随时在自己的页面上撤回。"
)
CHANNELS = (
    (ChannelKind.WECHAT, "公众号推文", 30),
    (ChannelKind.APP, "会员小程序", 26),
    (ChannelKind.GROUP, "VIP 社群", 20),
    (ChannelKind.STORE, "门店台卡", 16),
    (ChannelKind.PARTNER, "天猫旗舰店包裹卡", 8),
)
SKINS = ("干性", "油性", "混合性", "敏感性")
WHYS = (
    "一直在用你们家的面霜，想第一时间试试新品",
    "换季脸容易干，想认真记录二十八天的变化",
    "平时就喜欢写护肤笔记，粉丝常来问成分",
    "在小区妈妈群里常被问护肤，愿意说实话",
    "想看看屏障霜和我现在用的有什么不同",
)
CARRIERS = ("顺丰速运", "京东快递")
COMPARED = (Application, ApplicationAccount, Creator, SocialAccount)
NOTE = "https://www.xiaohongshu.com/explore/"


@demo_part(order=28)
class Recruitments(DemoPart):
    """A launch in all stages, and a standing recruitment with some who wait."""

    name = "recruiting"
    fills = (Application, Trial, Notice)

    def prepare(self) -> None:
        self.added = {"applications": 0, "invited": 0}

    def play(self, until: dt.datetime) -> None:
        """All of it happened in the last weeks."""
        if until < self.demo.moments()[-1]:
            return
        self.lin = Person.objects.get(username="lin")
        self.reviewer = Person.objects.get(username="wu")
        self.stores = list(
            Unit.objects.filter(brand=self.demo.brand, kind=UnitKind.STORE).order_by("pk")
        )
        self._launch(until)
        self._always(until)

    def figures(self) -> dict[str, int]:
        return self.added

    # -- the launch ----------------------------------------------------------------

    def _launch(self, until: dt.datetime) -> None:
        last = until.date()
        with clock(until - dt.timedelta(days=40)):
            launch = recruiting.add_recruitment(
                by=self.lin,
                unit=self.demo.brand,
                consent=CONSENT,
                name="屏障修护霜新品体验官",
                purpose=Purpose.TRIAL,
                programme=Programme.SEEDING,
                mode=Mode.ONE_OFF,
                places=PLACES,
                opens_on=last - dt.timedelta(days=39),
                closes_on=last + dt.timedelta(days=5),
                about=(
                    "新一代屏障修护霜上市前，我们请二十四位真实用户先用起来。\n\n"
                    "你会收到一瓶正装，用两周以上，再写一篇自己的笔记：好的不好的都可以写。"
                ),
                asked="用满十四天，发布一篇图文或视频笔记，并注明产品由品牌赠送。",
                product="屏障修护霜 50 ml 正装",
            )
            recruiting.add_field(
                by=self.lin,
                recruitment=launch,
                kind=FieldKind.CHOICE,
                label="你的肤质",
                options=SKINS,
                required=True,
            )
            recruiting.add_field(
                by=self.lin, recruitment=launch, kind=FieldKind.LONG, label="为什么想参加"
            )
            channels = [
                recruiting.add_channel(by=self.lin, recruitment=launch, kind=kind, name=name)
                for kind, name, _share in CHANNELS
            ]
            recruiting.change_state(by=self.lin, recruitment=launch, state="open")
        self._applied(channels, self.demo.size(LAUNCH, least=30), until, days=36)
        self._decided(launch, until)

    def _decided(self, launch: Any, until: dt.datetime) -> None:
        own = Application.objects.filter(recruitment=launch)
        ranked = own.order_by(RANKED.desc(), "pk")
        early = own.filter(applied_at__lt=until - dt.timedelta(days=30))
        with clock(until - dt.timedelta(days=29)):
            for each in early.order_by("pk")[:8]:
                applications.mark(
                    by=self.reviewer, application=each, value=self.rng.choice((2, 3, 3, 4, 4, 5))
                )
            # The first round: the best of those who came first.
            best = list(early.order_by(RANKED.desc(), "pk").values_list("pk", flat=True)[:14])
            invited = applications.decide(
                by=self.lin, applications=own.filter(pk__in=best), stage=Stage.TRIAL
            )
            self.added["invited"] = len(invited)
        self._trials(list(own.filter(pk__in=invited).order_by("pk")), until)
        with clock(until - dt.timedelta(days=6)):
            scores.score_recruitment(by=self.lin, recruitment=launch)
            count = own.filter(stage=Stage.APPLIED).count()
            chosen = list(ranked.filter(stage=Stage.APPLIED).values_list("pk", flat=True))
            applications.decide(
                by=self.lin,
                applications=own.filter(pk__in=chosen[: count // 8]),
                stage=Stage.SCREENING,
            )
            applications.decide(
                by=self.lin,
                applications=own.filter(pk__in=chosen[-(count // 4) :]),
                stage=Stage.DECLINED,
                reason=Reason.PLACES,
            )
        with clock(until - dt.timedelta(days=5)):
            for each in ranked.filter(stage=Stage.SCREENING)[:12]:
                applications.mark(
                    by=self.reviewer,
                    application=each,
                    value=self.rng.choice((3, 3, 4, 4, 5)),
                    note=self.rng.choice(("图片自然，真实在用", "文字细致", "")),
                )
            odd = ranked.filter(stage=Stage.SCREENING).last()
            if odd:
                applications.set_score(
                    by=self.reviewer, application=odd, value=88, reason="线下试用会上表达很好"
                )

    def _trials(self, invited: list[Application], until: dt.datetime) -> None:
        """Each of them stands somewhere else on the way."""
        for place, each in enumerate(invited):
            trial = each.trial
            if place == 0:
                continue
            with clock(until - dt.timedelta(days=28, hours=place)):
                trials.give_address(by=None, trial=trial, address=self._address(each))
            if place == 1:
                continue
            sent = until - dt.timedelta(days=26)
            if place == 2:
                sent = until - dt.timedelta(days=2)
            with clock(sent):
                trials.send(
                    by=self.lin,
                    trial=trial,
                    carrier=self.rng.choice(CARRIERS),
                    parcel=f"SF{self.rng.randrange(10**11, 10**12)}",
                    on=sent.date(),
                )
            if place <= 2:
                continue
            arrived = sent + dt.timedelta(days=3)
            with clock(arrived):
                trials.receive(by=None, trial=trial, on=arrived.date())
            if place <= 4:
                continue
            if place == 5:
                with clock(until - dt.timedelta(days=10)):
                    trials.extend(by=self.lin, trial=trial, days=14, reason="出差两周，已说明")
                continue
            done = until - dt.timedelta(days=11)
            if place == 6:
                with clock(done):
                    trials.fail(by=self.lin, trial=trial)
                continue
            with clock(done):
                link = f"{NOTE}{self.rng.getrandbits(96):024x}"
                trials.hand_in(by=None, trial=trial, link=link, on=done.date())
            if place <= 8:
                continue
            with clock(done + dt.timedelta(days=1)):
                trials.finish(by=self.lin, trial=trial)
            if place > 9:
                with clock(done + dt.timedelta(days=2)):
                    trials.graduate(
                        by=self.lin,
                        application=each,
                        store=each.unit
                        if each.unit.kind == UnitKind.STORE
                        else self.rng.choice(self.stores),
                        koc_kind=KocKind.INCUBATED,
                        identity_checked=True,
                        number=f"T{each.pk:06d}",
                    )

    def _address(self, each: Application) -> Address:
        return Address(each.name, "13800138000", "示例路 100 号 1 单元 101 室")

    # -- the standing one -----------------------------------------------------------

    def _always(self, until: dt.datetime) -> None:
        with clock(until - dt.timedelta(days=70)):
            always = recruiting.add_recruitment(
                by=self.lin,
                unit=self.demo.brand,
                consent=CONSENT,
                name="澄野分享官长期招募",
                purpose=Purpose.RECOMMENDATION,
                programme=Programme.DISTRIBUTION,
                mode=Mode.STANDING,
                places=STANDING_PLACES,
                opens_on=until.date() - dt.timedelta(days=69),
                closes_on=None,
                about="愿意把自己真正在用的东西告诉朋友的人，随时可以申请。参加不收任何费用。",
                asked="写一篇自己的使用笔记，说明与品牌的关系。",
                product="",
            )
            channel = recruiting.add_channel(
                by=self.lin, recruitment=always, kind=ChannelKind.ONE_TO_ONE, name="导购一对一邀请"
            )
            recruiting.change_state(by=self.lin, recruitment=always, state="open")
        self._applied([channel], self.demo.size(ALWAYS, least=5), until, days=60)

    # -- applying ------------------------------------------------------------------

    def _applied(
        self, channels: list[RecruitmentChannel], count: int, until: dt.datetime, *, days: int
    ) -> None:
        shares = [share for _kind, _name, share in CHANNELS][: len(channels)]
        questions = recruiting.questions_of(channels[0].recruitment)
        moments = sorted(
            # Most apply soon after the call.
            until - dt.timedelta(days=days) * self.rng.betavariate(3, 1.4)
            for _each in range(count)
        )
        for moment in moments:
            with clock(moment):
                applications.apply(
                    channel=self.rng.choices(channels, shares)[0],
                    filled=self._filled(questions),
                    form_key=uuid.UUID(int=self.rng.getrandbits(128)),
                    language="zh-hans",
                    score=False,
                )
            self.added["applications"] += 1
        # The planner has not seen these rows yet, and the flags compare each with all.
        sql.execute(f"ANALYZE {', '.join(model._meta.db_table for model in COMPARED)}")
        scores.refresh(
            list(Application.objects.filter(channel__in=channels).values_list("pk", flat=True)),
            orders=False,
        )

    def _filled(self, questions: list[Any]) -> Filled:
        rng = self.rng
        surname = rng.choice(SURNAMES[:COMMON] if rng.random() < 0.6 else SURNAMES)
        name = surname + rng.choice(GIVEN)
        store = rng.choice(self.stores) if rng.random() < 0.7 else None
        answers: dict[str, Any] = {}
        for question in questions:
            if question.kind == FieldKind.CHOICE:
                answers[str(question.pk)] = rng.choice(question.options)
            elif rng.random() < 0.6:
                answers[str(question.pk)] = rng.choice(WHYS)
        return Filled(
            name=name,
            phone=f"1{rng.choice('3578')}{rng.randrange(10**9):09d}",
            city=store.city if store else rng.choice(("苏州", "成都", "武汉", "")),
            store=store,
            # Some of them are members whose orders are known.
            member_number=f"demo-{rng.randint(1, 900)}" if rng.random() < 0.45 else "",
            recent_notes=rng.choice((None, 0, 1, 2, 3, 5, 8, 14)),
            willingness=rng.choice((0, 1, 1, 2, 2)),
            content=rng.choice((0, 0, 1, 1, 2)),
            network=rng.choice((0, 0, 0, 1, 2)),
            accounts=self._accounts(name, store),
            answers=answers,
        )

    def _accounts(self, name: str, store: Unit | None) -> list[NamedAccount]:
        rng = self.rng
        if rng.random() < 0.08:
            return []
        city = store.city if store else "苏州"
        handle = rng.choice(HANDLES).format(name[-1], city=city)
        found = [
            NamedAccount(
                platform=Platform.XIAOHONGSHU,
                handle=f"{handle}{rng.choice('abcdefghkmnpqrstwxyz')}{rng.randint(1, 99)}"
                if rng.random() < 0.97
                else handle,
                url=f"https://www.xiaohongshu.com/user/profile/{rng.getrandbits(96):024x}",
                followers=int(rng.lognormvariate(6.4, 1.2)) if rng.random() < 0.9 else None,
            )
        ]
        if rng.random() < 0.2:
            found.append(
                NamedAccount(
                    platform=Platform.DOUYIN,
                    handle=f"{handle}{rng.randint(1, 99)}",
                    followers=int(rng.lognormvariate(5.5, 1.0)),
                )
            )
        return found
