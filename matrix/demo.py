"""The demo brand's creators, their accounts and pairings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from accounts.choices import UnitKind
from accounts.demo import DemoPart, demo_part
from accounts.demo_brand import HOME_STORE
from accounts.models import Person, Unit
from kosops.lib.periods import add_months
from matrix.choices import (
    PLATFORM_DOMAIN,
    PROOF_OF_KIND,
    AccountState,
    CreatorKind,
    CreatorState,
    Domain,
    KocKind,
    OwnerProof,
    Ownership,
    Platform,
    PrivateLayer,
    TalentType,
)
from matrix.models import Creator, Pairing, SocialAccount

KOS = 240
KOC = 600

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
# The commonest come first and are drawn more often.
COMMON = 20
GIVEN = (
    "婷 敏 静 雪 悦 琳 倩 颖 欣怡 雨桐 思琪 梦瑶 晓雯 佳怡 梓萱 诗涵 雅婷 丽娜 晨曦 可欣 语嫣 紫涵 若曦 子涵 "
    "一诺 心怡 嘉欣 慧敏 玉婷 晓燕 美琪 文静 海燕 春梅 晓彤 佩珊 芷若 曼玲 艺涵 安然 宇航 浩然 子轩 俊杰 志远 "
    "佳琪 依依 沐晴 书瑶 知夏 念真 清妍 舒窈 乐怡 星辰 若琳 晓晴 雨薇 思颖 婉清 丹丹 莉莉 瑶瑶 圆圆"
).split()
# How people call themselves on the platforms; {} is a short name.
HANDLES = (
    "{}的护肤日记", "{}爱美妆", "柜姐{}", "{}在{city}", "是{}呀", "{}的化妆台", "{}今天涂什么", "小{}不踩雷", "{}成分笔记",
    "{}的梳妆镜", "{}护肤慢慢来", "{city}{}逛专柜", "{}的晚安护肤", "混干皮{}", "{}试色本",
)  # fmt: skip
BASE32 = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"

OWNERSHIPS = {
    CreatorKind.KOS: (
        (Ownership.EMPLOYEE_AUTHORISED, 60),
        (Ownership.COMPANY_OPENED, 30),
        (Ownership.PERSONAL, 10),
    ),
    CreatorKind.KOC: ((Ownership.PERSONAL, 1),),
}
# Of a hundred creators, how many have an account there.
PRESENCE = {
    CreatorKind.KOS: {
        Platform.XIAOHONGSHU: 96,
        Platform.DOUYIN: 24,
        Platform.CHANNELS: 16,
        Platform.WECOM: 93,
    },
    CreatorKind.KOC: {Platform.XIAOHONGSHU: 94, Platform.DOUYIN: 10, Platform.CHANNELS: 4},
}
# Of a hundred public accounts, how many have somebody in WeCom who takes over their leads.
PAIRED = {CreatorKind.KOS: 92, CreatorKind.KOC: 84}
BANNED, LIMITED = 12, 24  # of a thousand accounts
BRAND_ACCOUNTS = (
    (Platform.XIAOHONGSHU, "澄野美妆", "", 386_400),
    (Platform.DOUYIN, "澄野美妆官方旗舰店", "", 912_300),
    (Platform.CHANNELS, "澄野美妆", "", 148_700),
    (Platform.OFFICIAL_ACCOUNT, "澄野美妆", PrivateLayer.INTEREST, 521_000),
    (Platform.MINI_PROGRAMME, "澄野美妆会员中心", PrivateLayer.INTEREST, None),
)


@demo_part(order=20)
class CreatorsAndAccounts(DemoPart):
    """KOS and KOC of uneven stores, with public accounts paired to WeCom, and some gaps."""

    name = "matrix"
    fills = (Creator, SocialAccount, Pairing)

    def prepare(self) -> None:
        self.brand = brand = self.demo.brand
        stores = list(Unit.objects.filter(brand=brand, kind=UnitKind.STORE).order_by("pk"))
        self.weights = [self.rng.uniform(0.55, 1.6) for _store in stores]
        self.weights[0] = 1.9
        creators = [*self._kos(stores), *self._koc(stores)]
        self._set_states(creators)
        Creator.objects.bulk_create(creators, batch_size=1000)
        accounts = [*self._of_units(brand, stores), *self._of_creators(creators)]
        SocialAccount.objects.bulk_create(accounts, batch_size=1000)
        pairings = list(self._pairings(accounts))
        Pairing.objects.bulk_create(pairings, batch_size=1000)
        self.added = {
            "kos": sum(creator.kind == CreatorKind.KOS for creator in creators),
            "koc": sum(creator.kind == CreatorKind.KOC for creator in creators),
            "accounts": len(accounts),
            "pairings": len(pairings),
        }

    def figures(self) -> dict[str, int]:
        return self.added

    # -- creators ------------------------------------------------------------------

    def _kos(self, stores: list[Unit]) -> Iterator[Creator]:
        for number, store in enumerate(self._spread(stores, KOS), start=1):
            talent = self.rng.choices(TalentType.values, (6, 2, 2))[0]
            creator = self._creator(store, CreatorKind.KOS, f"K{number:05d}")
            creator.talent_type = talent
            # Staff were there before the programme, some came while it ran.
            creator.joined_on = self._day(dt.date(2021, 3, 1), self.demo.last_day, late=0.12)
            yield creator

    def _koc(self, stores: list[Unit]) -> Iterator[Creator]:
        for number, store in enumerate(self._spread(stores, KOC), start=1):
            creator = self._creator(store, CreatorKind.KOC, f"C{number:06d}")
            creator.koc_kind = self.rng.choices(KocKind.values, (60, 30, 10))[0]
            # Customers came month by month.
            first = add_months(self.demo.first_day, -2)
            creator.joined_on = self._day(first, self.demo.last_day, late=0.75)
            yield creator

    def _creator(self, store: Unit, kind: str, number: str) -> Creator:
        # The first of each kind at the first store are those who sign in.
        name = ""
        if store.code == HOME_STORE and int(number[1:]) == 1:
            person = Person.objects.get(username="zhou" if kind == CreatorKind.KOS else "may")
            name = person.name
        else:
            person = None
        code = "".join(self.rng.choice(BASE32) for _place in range(6))
        return Creator(
            brand=self.brand,
            store=store,
            person=person,
            kind=kind,
            number=number,
            share_code=f"{kind[2].upper()}{code}",
            name=name or self._name(),
            identity=PROOF_OF_KIND[CreatorKind(kind)],
        )

    def _name(self) -> str:
        common = self.rng.random() < 0.6
        surname = self.rng.choice(SURNAMES[:COMMON] if common else SURNAMES[COMMON:])
        return surname + self.rng.choice(GIVEN)

    def _spread(self, stores: list[Unit], full: int) -> list[Unit]:
        """One store per creator: half of them evenly, the others by the weight of the store."""
        count = self.demo.size(full, least=len(stores))
        evenly = stores * max(1, count // (2 * len(stores)))
        chosen = self.rng.choices(stores, self.weights, k=count - len(evenly))
        return sorted([*evenly, *chosen], key=lambda store: store.pk)

    def _day(self, first: dt.date, last: dt.date, *, late: float) -> dt.date:
        """A day between the two; with the chance ``late`` one since the programme began."""
        if self.rng.random() < late:
            first = max(first, self.demo.first_day)
            # Fewer in the last weeks, who have not done anything yet.
            last = last - dt.timedelta(days=10)
        else:
            last = min(last, self.demo.first_day - dt.timedelta(days=1))
        return first + dt.timedelta(days=self.rng.randint(0, max(0, (last - first).days)))

    def _set_states(self, creators: list[Creator]) -> None:
        rare = {
            CreatorKind.KOS: (
                (CreatorState.LEFT, 3),
                (CreatorState.PAUSED, 1),
                (CreatorState.ONBOARDING, 2),
            ),
            CreatorKind.KOC: (
                (CreatorState.LEFT, 2),
                (CreatorState.PAUSED, 3),
                (CreatorState.CANDIDATE, 4),
                (CreatorState.ONBOARDING, 3),
            ),
        }
        for creator in creators:
            if creator.person is not None:
                creator.joined_on = self.demo.first_day + dt.timedelta(
                    days=-400 if creator.kind == CreatorKind.KOS else 9
                )
                continue
            dice = self.rng.random() * 100
            for state, share in rare[CreatorKind(creator.kind)]:
                if dice < share:
                    self._put(creator, state)
                    break
                dice -= share

    def _put(self, creator: Creator, state: str) -> None:
        last = self.demo.last_day
        creator.state = state
        if state == CreatorState.LEFT and creator.joined_on:
            first = max(creator.joined_on, self.demo.first_day) + dt.timedelta(days=30)
            span = (last - first).days
            if span < 1:
                creator.state = CreatorState.ACTIVE
                return
            creator.left_on = first + dt.timedelta(days=self.rng.randint(0, span))
        if state == CreatorState.CANDIDATE:
            creator.joined_on = None
        if state == CreatorState.ONBOARDING:
            creator.joined_on = last - dt.timedelta(days=self.rng.randint(0, 20))

    # -- accounts ------------------------------------------------------------------

    def _of_units(self, brand: Unit, stores: list[Unit]) -> Iterator[SocialAccount]:
        opened = dt.date(2020, 6, 18)
        for platform, handle, layer, followers in BRAND_ACCOUNTS:
            yield self._account(
                brand, None, platform, handle, followers, Ownership.COMPANY_OPENED, opened, layer
            )
        for store in stores:
            handle = f"澄野美妆{store.name.removesuffix('店')}"
            yield self._account(
                store,
                None,
                Platform.XIAOHONGSHU,
                handle,
                self._followers(7.2),
                Ownership.COMPANY_OPENED,
                opened,
            )

    def _of_creators(self, creators: list[Creator]) -> Iterator[SocialAccount]:
        for creator in creators:
            short = creator.name[-1]
            handle = self.rng.choice(HANDLES).format(short, city=creator.store.city)
            for platform, percent in PRESENCE[CreatorKind(creator.kind)].items():
                own = creator.person is not None
                wanted = own and platform in (Platform.XIAOHONGSHU, Platform.WECOM)
                if not wanted and self.rng.random() * 100 >= percent:
                    continue
                yield self._of_creator(creator, platform, handle)

    def _of_creator(self, creator: Creator, platform: str, handle: str) -> SocialAccount:
        kind = CreatorKind(creator.kind)
        if PLATFORM_DOMAIN[Platform(platform)] == Domain.PRIVATE:
            handle = f"{creator.name} · 澄野美妆"
            ownership, followers = Ownership.COMPANY_OPENED, None
            layer: str = PrivateLayer.SERVICE
        else:
            choices = OWNERSHIPS[kind]
            ownership = self.rng.choices(
                [name for name, _weight in choices], [weight for _name, weight in choices]
            )[0]
            followers = self._followers(6.3 if kind == CreatorKind.KOS else 7.0)
            layer = ""
        began = creator.joined_on or self.demo.first_day
        opened = began + dt.timedelta(days=self.rng.randint(-300, 0))
        account = self._account(
            creator.store, creator, platform, handle, followers, ownership, opened, layer
        )
        dice = self.rng.random() * 1000
        if creator.person is None and layer == "":
            if dice < BANNED:
                account.state = AccountState.BANNED
            elif dice < BANNED + LIMITED:
                account.state = AccountState.LIMITED
        if creator.state == CreatorState.LEFT and layer:
            account.state = AccountState.CLOSED
        return account

    def _account(
        self,
        unit: Unit,
        creator: Creator | None,
        platform: str,
        handle: str,
        followers: int | None,
        ownership: str,
        opened_on: dt.date,
        layer: str = "",
    ) -> SocialAccount:
        return SocialAccount(
            brand=self.brand,
            unit=unit,
            creator=creator,
            platform=platform,
            domain=PLATFORM_DOMAIN[Platform(platform)],
            private_layer=layer,
            ownership=ownership,
            owner_proof=creator.identity if creator else OwnerProof.COMPANY,
            handle=handle,
            platform_uid=f"{self.rng.getrandbits(96):024x}",
            followers=followers,
            opened_on=opened_on,
        )

    def _followers(self, middle: float) -> int:
        return int(self.rng.lognormvariate(middle, 0.9))

    # -- pairings ------------------------------------------------------------------

    def _pairings(self, accounts: list[SocialAccount]) -> Iterator[Pairing]:
        """A KOS takes over their own leads, a colleague those of a KOC or of the store.

        Whom the brand's own accounts reach goes on to its official account.
        """
        own: dict[int, SocialAccount] = {}
        of_store: dict[int, list[SocialAccount]] = {}
        for account in accounts:
            if account.platform == Platform.OFFICIAL_ACCOUNT:
                of_store[account.unit_id] = [account]
            elif account.platform == Platform.WECOM and account.state == AccountState.ACTIVE:
                own[account.creator_id or 0] = account
                of_store.setdefault(account.unit_id, []).append(account)
        for account in accounts:
            if account.domain != Domain.PUBLIC or account.state != AccountState.ACTIVE:
                continue
            creator = account.creator
            percent = PAIRED[CreatorKind(creator.kind)] if creator else 90
            known = account.unit == self.brand or (creator and creator.person)
            if not known and self.rng.random() * 100 >= percent:
                continue
            colleagues = of_store.get(account.unit_id)
            takes_over = own.get(account.creator_id or 0)
            if takes_over is None and colleagues:
                takes_over = self.rng.choice(colleagues)
            if takes_over is None:
                continue
            began = account.opened_on or self.demo.first_day
            yield Pairing(
                public_account=account,
                private_account=takes_over,
                since=max(began, self.demo.first_day - dt.timedelta(days=60)),
            )
