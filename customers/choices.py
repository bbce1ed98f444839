"""Closed lists of the customers app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderStatus(models.TextChoices):
    """DATA-SHAPES 4.11. Only these five; anything else in a file is an error, not a guess."""

    PAID = "paid", _("Paid")
    FINISHED = "finished", _("Finished")
    CLOSED = "closed", _("Closed")
    REFUNDING = "refunding", _("Refund asked")
    REFUNDED = "refunded", _("Refunded")


class Channel(models.TextChoices):
    """O24: where an order was placed."""

    STORE = "store", _("Store")
    MINI_PROGRAMME = "mini_programme", _("Mini-programme")
    WECHAT_STORE = "wechat_store", _("WeChat store")
    APP = "app", _("App")
    THIRD_PARTY = "third_party", _("Third-party mall")
    LIVE = "live", _("Live")
    CLOUD_SHELF = "cloud_shelf", _("Cloud shelf")
    OTHER = "other", _("Other")


class Attribution(models.TextChoices):
    """Why the seller or sharer of an order is who they are."""

    EXPLICIT = "explicit", _("Named on the order")
    SHARE_CODE = "share_code", _("Share code used")
    CHANNEL_CODE = "channel_code", _("Channel code used")
    RULE = "rule", _("Assigned by a stated rule")
    NONE = "", _("Nobody named")


class ClaimRole(models.TextChoices):
    """The parts in an order that a shop names."""

    SELLER = "seller", _("Seller")
    SHARER = "sharer", _("Sharer")


class WaitingReason(models.TextChoices):
    """Why a refund waits, where more is known than that its order is not there."""

    TO_MATCH = "to_match", _("Its order has to be found")
    NO_CUSTOMER = "no_customer", _("It names no customer")
    NO_SALE = "no_sale", _("There is no earlier sale")
    MORE_THAN_SOLD = "more_than_sold", _("More than was sold")
    EXCEEDS_PAID = "refund_exceeds_paid", _("More than was paid")
    UNKNOWN_LINE = "unknown_line", _("The order has no such line")
