"""The demo brand's personas, and what somebody saw on the profiles."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, demo_part
from accounts.models import Person
from matrix.choices import AccountState, CreatorKind, CreatorState, RoleBadge, TalentType
from matrix.models import Creator, Persona, ProfileCheck, SocialAccount
from matrix.personas import note_profile, set_persona
from matrix.profiles import Shown

POSITIONS = {
    TalentType.SHOPPING_ASSISTANT: "美容顾问",
    TalentType.TOPIC_EXPERT: "护肤专家",
    TalentType.PRIVATE_PARTNER: "会员顾问",
}
BADGES = {
    TalentType.SHOPPING_ASSISTANT: [RoleBadge.COUNTER_CLERK, RoleBadge.SHOPPING_GUIDE],
    TalentType.TOPIC_EXPERT: [RoleBadge.PRODUCT_EXPERT],
    TalentType.PRIVATE_PARTNER: [RoleBadge.SHOPPING_GUIDE, RoleBadge.SERVICE],
}
PERSONAS, CHECKED = 60, 0.8


@demo_part(order=24)
class PersonasAndProfiles(DemoPart):
    """Staff with position and badges; those of a persona mostly show it, some do not."""

    name = "personas"
    fills = (Persona, ProfileCheck)

    def prepare(self) -> None:
        self.added = {"personas": 0, "profiles": 0}
        staff = list(Creator.objects.filter(brand=self.demo.brand, kind=CreatorKind.KOS))
        for one in staff:
            talent = TalentType(one.talent_type)
            one.position, one.badges = POSITIONS[talent], [str(badge) for badge in BADGES[talent]]
        Creator.objects.bulk_update(staff, ["position", "badges"], batch_size=1000)
        lin = Person.objects.filter(username="lin").first()
        current = [one for one in staff if one.state == CreatorState.ACTIVE]
        current.sort(key=lambda one: (one.person_id is None, one.pk))
        for one in current[: self.demo.size(PERSONAS, least=2)]:
            set_persona(
                by=lin,
                creator=one,
                name=f"{one.name[-1]}{one.name[-1]}",
                position=one.position,
                introduction=f"{one.store.name}，{one.position}，陪你慢慢护肤。",
                avatar="柜台前穿制服的半身照",
            )
            self.added["personas"] += 1
            self._look(one, lin)

    def _look(self, creator: Creator, lin: Person | None) -> None:
        accounts = SocialAccount.objects.filter(creator=creator).exclude(state=AccountState.CLOSED)
        for account in accounts.order_by("pk"):
            if creator.person_id is None and self.rng.random() > CHECKED:
                continue
            strays = creator.person_id is None and self.rng.random() < 0.25
            note_profile(
                by=lin,
                account=account,
                shown=Shown(
                    name=account.handle if strays else f"{creator.name} · 澄野美妆",
                    position="" if strays else creator.position,
                    store="" if strays else account.unit.name,
                    affiliation=not strays,
                    avatar=not strays or self.rng.random() < 0.5,
                ),
                at=self.demo.at(self.demo.first_day, 11) + dt.timedelta(days=1),
            )
            self.added["profiles"] += 1

    def figures(self) -> dict[str, int]:
        return self.added
