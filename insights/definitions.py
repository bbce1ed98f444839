"""What the figures of the overview mean."""

from django.utils.translation import gettext_lazy as _

STORES = {
    "active_kos": _("Store staff of this store who are active in the programme today."),
    "notes_of_store": _("Notes and videos of the store's accounts published in the period."),
    "notes_interactions": _(
        "Likes, saves and comments so far of the notes published in the period."
    ),
    "attributed_sales": _(
        "What customers paid in the period for orders that name a seller, less refunds."
    ),
    "daily_sales": _("Attributed sales on each day of the period."),
    "against_best": _("Attributed sales against those of the best store shown."),
}
