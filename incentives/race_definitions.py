"""What the figures of races mean."""

from django.utils.translation import gettext_lazy as _

RACES = {
    "race_participants": _("Stores or people that run in the race."),
    "race_score": _(
        "Points of all figures of the formula together; 100 for who is best in each of them."
    ),
    "race_heads": _(
        "People who were active at the store on enough days; never fewer than the formula counts."
    ),
    "race_place": _("Place in the fair group, and the movement since the day worked out before."),
    "race_prize": _("What the place wins; a store's prize goes to its active people."),
    "race_active_days": _("Days of the season on which this person sold or posted at the store."),
    "race_amount": _("This person's part of the prize, by active days, to the cent."),
    "race_was": _("The value under the digest of the fixed result."),
    "race_is": _("What the facts known now would give."),
    "race_cost": _("What all prizes of this race cost."),
}
