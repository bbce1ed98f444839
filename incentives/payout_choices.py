"""Closed lists of payouts and of the people who are paid."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    """By which way money goes: one batch goes one way."""

    BANK = "bank", _("Bank transfer")
    WECHAT = "wechat", _("WeChat Pay")
    PAYROLL = "payroll", _("Payroll")


class DestinationKind(models.TextChoices):
    """What somebody can be paid to."""

    BANK = "bank", _("Bank account")
    WECHAT = "wechat", _("WeChat wallet (openid)")


class HeldReason(models.TextChoices):
    """Why an approved payout did not go out with its batch (M30)."""

    LEFT = "left", _("The person has left since the approval.")
    CHANGED = "changed", _("The account was changed since the approval.")
    HOLD = "hold", _("Payouts to this person are held.")


class IdentitySource(models.TextChoices):
    """By what the identity for cash was checked."""

    ID_CARD = "id_card", _("Identity card seen")
    CONTRACT = "contract", _("Signed contract")
    PROVIDER = "provider", _("Real name confirmed by the payment provider")


class ConsentWay(models.TextChoices):
    PHONE = "phone", _("On the phone")
    PAPER = "paper", _("On paper")


class TaxMethod(models.TextChoices):
    LABOUR = "labour", _("Labour remuneration")
    CUMULATIVE = "cumulative", _("Cumulative method (internet platforms)")


class TaxSpan(models.TextChoices):
    MONTH = "month", pgettext_lazy("tax", "On the sum of the month")
    PAYMENT = "payment", pgettext_lazy("tax", "On each payment")


class Encoding(models.TextChoices):
    """Banks' programs read one or the other."""

    UTF8 = "utf-8-sig", "UTF-8"
    GBK = "gb18030", _("GBK (GB 18030)")


class EntryState(models.TextChoices):
    """What a statement of the bank or provider says about a transfer."""

    SUCCEEDED = "succeeded", pgettext_lazy("payout", "Paid")
    FAILED = "failed", _("Failed")


class PayeeNews(models.TextChoices):
    """What somebody is told about their payouts."""

    ACCOUNT_CHANGED = "account_changed", _("The account was changed")
    HELD = "held", _("Payouts are held")
    LIFTED = "lifted", _("Payouts go on")
