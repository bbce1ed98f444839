"""What the figures of the share report mean."""

from django.utils.translation import gettext_lazy as _

SHARING = {
    "share_orders": _(
        "Paid orders that name somebody’s share code, closed ones left out, on the day of payment and "
        "in the store at which they came to be. Taps on links are not counted."
    ),
    "share_net": _("What was paid for these orders, less what was returned of them since."),
    "share_returned": _("What was returned of these orders, as a part of what was paid for them."),
    "share_commission": _(
        "Commission credited for sharing these orders, less what was taken back; before steps and "
        "limits of the month."
    ),
    "share_cost": _("Commission as a part of net sales."),
    "share_people": _("People with at least one order by their code in these days."),
    "share_firsts": _(
        "Orders that were the buyer’s first of the brand. Orders whose buyer is not known count "
        "neither as new nor as repeat."
    ),
    "share_repeats": _("Orders of buyers who had bought from the brand before."),
    "share_before": _("As many days right before the scheme began."),
    "share_since": _("The days from its start on, up to today where it runs shorter."),
    "share_change": _("How the figure since the start differs from that of the days before."),
    "share_pieces": _("Pieces of the article on these orders, returned ones among them."),
}
