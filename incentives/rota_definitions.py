"""What the figures of the volunteer rota mean."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ROTA = {
    "rota_shifts": _("Shifts that begin within seven days and are not called off."),
    "rota_fill": _("Places taken of those wanted in shifts that begin within seven days."),
    "rota_came": _(
        "People who came, of all with a place whose attendance was ticked, in shifts that ended"
        " within 30 days."
    ),
    "rota_absent": _("People who stayed away without a word, in shifts that ended within 30 days."),
    "rota_points": _("Points booked for shifts that ended within 30 days. Points are no money."),
    "shift_taken": _("People who have a place, of the places wanted."),
    "shift_waiting": _("People who get the next place that comes free, in the order of asking."),
    "shift_came": _("People whose attendance was ticked as come."),
    "shift_given": _(
        "Points booked for the shift, under the ceiling of the month for each person."
    ),
    "duty_points": _("Thanks for one attended shift. Points are no money and no pay by the hour."),
    "duty_coming": _("Shifts to come that are not called off."),
    "duty_left": _("Places in shifts to come that nobody has taken yet."),
}
