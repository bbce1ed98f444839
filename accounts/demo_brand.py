"""The demo brand's units and the people who sign in."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role, StoreKind, UnitKind
from accounts.demo import CODE, DemoPart, demo_part
from accounts.models import Grant, Person, Unit
from kosops.lib.errors import DomainError

# In Latin letters Chengye Beauty.
BRAND = "澄野美妆"
# The store of those who show the phone pages.
HOME_STORE = "SH0001"

PHYSICAL, FRANCHISE, LIVE = StoreKind.PHYSICAL, StoreKind.FRANCHISE, StoreKind.LIVE

# Code, name, city, kind; the first of a region are its largest.
REGIONS: dict[tuple[str, str], tuple[tuple[str, str, str, str], ...]] = {
    ("EAST", "华东大区"): (
        ("SH0001", "上海静安嘉里店", "上海", PHYSICAL),
        ("HZ0001", "杭州湖滨银泰店", "杭州", PHYSICAL),
        ("NJ0001", "南京德基广场店", "南京", PHYSICAL),
        ("SH0002", "上海港汇恒隆店", "上海", PHYSICAL),
        ("SH0003", "上海陆家嘴国金店", "上海", PHYSICAL),
        ("SU0001", "苏州中心店", "苏州", PHYSICAL),
        ("SH0004", "上海环贸店", "上海", PHYSICAL),
        ("HZ0002", "杭州万象城店", "杭州", PHYSICAL),
        ("SH0005", "上海五角场合生汇店", "上海", PHYSICAL),
        ("NJ0002", "南京新街口金鹰店", "南京", PHYSICAL),
        ("NB0001", "宁波天一广场店", "宁波", FRANCHISE),
        ("SH0006", "上海品牌直播间", "上海", LIVE),
    ),
    ("SOUTH", "华南大区"): (
        ("SZ0001", "深圳万象天地店", "深圳", PHYSICAL),
        ("GZ0001", "广州天环店", "广州", PHYSICAL),
        ("GZ0002", "广州太古汇店", "广州", PHYSICAL),
        ("SZ0002", "深圳海岸城店", "深圳", PHYSICAL),
        ("CS0001", "长沙国金中心店", "长沙", PHYSICAL),
        ("XM0001", "厦门万象城店", "厦门", PHYSICAL),
        ("SZ0003", "深圳壹方城店", "深圳", PHYSICAL),
        ("GZ0003", "广州正佳广场店", "广州", PHYSICAL),
        ("FS0001", "佛山岭南天地店", "佛山", FRANCHISE),
        ("NN0001", "南宁万象城店", "南宁", FRANCHISE),
    ),
    ("NORTH", "华北大区"): (
        ("BJ0001", "北京三里屯店", "北京", PHYSICAL),
        ("BJ0002", "北京国贸商城店", "北京", PHYSICAL),
        ("BJ0003", "北京西单大悦城店", "北京", PHYSICAL),
        ("XA0001", "西安赛格国际店", "西安", PHYSICAL),
        ("TJ0001", "天津滨江道店", "天津", PHYSICAL),
        ("BJ0004", "北京朝阳合生汇店", "北京", PHYSICAL),
        ("QD0001", "青岛海信广场店", "青岛", PHYSICAL),
        ("SY0001", "沈阳万象城店", "沈阳", PHYSICAL),
        ("DL0001", "大连恒隆广场店", "大连", FRANCHISE),
    ),
    ("SOUTHWEST", "西南大区"): (
        ("CD0001", "成都太古里店", "成都", PHYSICAL),
        ("CQ0001", "重庆解放碑店", "重庆", PHYSICAL),
        ("CD0002", "成都国际金融中心店", "成都", PHYSICAL),
        ("WH0001", "武汉恒隆广场店", "武汉", PHYSICAL),
        ("CD0003", "成都万象城店", "成都", PHYSICAL),
        ("KM0001", "昆明恒隆广场店", "昆明", PHYSICAL),
        ("CQ0002", "重庆光环购物公园店", "重庆", PHYSICAL),
        ("GY0001", "贵阳万象城店", "贵阳", FRANCHISE),
        ("ZY0001", "遵义吾悦广场店", "遵义", FRANCHISE),
    ),
}

# Sign-in name, name, role, code of the unit.
PEOPLE: tuple[tuple[str, str, str, str], ...] = (
    ("lin", "林悦", Role.OPERATOR, CODE),
    ("chen", "陈思远", Role.FINANCE, CODE),
    ("zhao", "赵倩", Role.FINANCE, CODE),
    ("wu", "吴桐", Role.AUDITOR, CODE),
    ("xu", "徐蕾", Role.REGION_MANAGER, "EAST"),
    ("he", "何立", Role.STORE_MANAGER, HOME_STORE),
    ("zhou", "周敏", Role.KOS, HOME_STORE),
    ("may", "梅雨晴", Role.KOC, HOME_STORE),
)
ADMIN = "admin"


@demo_part(order=10)
class BrandAndPeople(DemoPart):
    """One brand, four regions, forty stores, and somebody of each role."""

    name = "brand"
    fills = (Unit, Person, Grant)

    def prepare(self) -> None:
        self._check_names()
        units = self._units()
        self._people(units)

    def figures(self) -> dict[str, int]:
        stores = sum(self._count(len(stores)) for stores in REGIONS.values())
        return {"regions": len(REGIONS), "stores": stores, "people": len(PEOPLE) + 1}

    def _check_names(self) -> None:
        names = [ADMIN, *(name for name, *_rest in PEOPLE)]
        taken = Person.objects.filter(username__in=names).order_by("username")
        if names := list(taken.values_list("username", flat=True)):
            raise DomainError(
                "names_taken",
                _("The demo people cannot be added: the sign-in names %(names)s are taken."),
                names=", ".join(names),
            )

    def _count(self, full: int) -> int:
        return min(full, self.demo.size(full))

    def _units(self) -> dict[str, Unit]:
        brand = Unit(kind=UnitKind.BRAND, code=CODE, name=BRAND)
        _place([brand])
        regions = [
            Unit(kind=UnitKind.REGION, code=code, name=name, parent=brand, brand=brand)
            for code, name in REGIONS
        ]
        _place(regions)
        stores = [
            Unit(
                kind=UnitKind.STORE,
                store_kind=kind,
                code=code,
                name=name,
                city=city,
                parent=region,
                brand=brand,
            )
            for region, rows in zip(regions, REGIONS.values(), strict=True)
            for code, name, city, kind in rows[: self._count(len(rows))]
        ]
        _place(stores)
        return {unit.code: unit for unit in (brand, *regions, *stores)}

    def _people(self, units: dict[str, Unit]) -> None:
        # All have the same passphrase, so it is hashed once: a good hash takes its time.
        password = make_password(self.demo.passphrase)
        people = Person.objects.bulk_create(
            Person(username=username, name=name, password=password)
            for username, name, _role, _unit in PEOPLE
        )
        Person.objects.bulk_create(
            [
                Person(
                    username=ADMIN,
                    name="系统管理员",
                    password=password,
                    is_staff=True,
                    is_superuser=True,
                )
            ]
        )
        since = dt.date(self.demo.first_day.year, 1, 1)
        Grant.objects.bulk_create(
            Grant(person=person, role=role, unit=units[unit], since=since)
            for person, (_username, _name, role, unit) in zip(people, PEOPLE, strict=True)
        )


def _place(units: list[Unit]) -> None:
    """Store units of one level and give them their paths, in two statements."""
    Unit.objects.bulk_create(units)
    for unit in units:
        unit.path = f"{unit.parent.path if unit.parent else '/'}{unit.pk}/"
        unit.brand = unit.brand or unit
    Unit.objects.bulk_update(units, ["path", "brand"])
