"""Closed lists of the matrix app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CreatorKind(models.TextChoices):
    KOS = "kos", "KOS"
    KOC = "koc", "KOC"


class KocKind(models.TextChoices):
    """C10. There is no virtual creator: each is a real person."""

    BRAND_LOVE = "brand_love", _("Brand lover")
    INCUBATED = "incubated", _("Incubated")
    CONTRACTED = "contracted", _("Contracted")


class TalentType(models.TextChoices):
    """K05: the three growth paths of a KOS."""

    SHOPPING_ASSISTANT = "shopping_assistant", _("Shopping assistant")
    TOPIC_EXPERT = "topic_expert", _("Topic expert")
    PRIVATE_PARTNER = "private_partner", _("Private partner")


class CreatorState(models.TextChoices):
    CANDIDATE = "candidate", _("Candidate")
    ONBOARDING = "onboarding", _("Onboarding")
    ACTIVE = "active", pgettext_lazy("creator", "Active")
    PAUSED = "paused", _("Paused")
    LEFT = "left", _("Left")


class Platform(models.TextChoices):
    XIAOHONGSHU = "xiaohongshu", _("Xiaohongshu")
    DOUYIN = "douyin", _("Douyin")
    CHANNELS = "channels", _("WeChat Channels")
    WECOM = "wecom", _("WeCom")
    WECHAT = "wechat", _("Personal WeChat")
    OFFICIAL_ACCOUNT = "official_account", _("Official account")
    MINI_PROGRAMME = "mini_programme", _("Mini-programme")


class Domain(models.TextChoices):
    PUBLIC = "public", _("Public domain")
    PRIVATE = "private", _("Private domain")


PLATFORM_DOMAIN = {
    Platform.XIAOHONGSHU: Domain.PUBLIC,
    Platform.DOUYIN: Domain.PUBLIC,
    Platform.CHANNELS: Domain.PUBLIC,
    Platform.WECOM: Domain.PRIVATE,
    Platform.WECHAT: Domain.PRIVATE,
    Platform.OFFICIAL_ACCOUNT: Domain.PRIVATE,
    Platform.MINI_PROGRAMME: Domain.PRIVATE,
}


class PrivateLayer(models.TextChoices):
    """K26: the three layers of the private domain."""

    RELATION = "relation", _("Relation")
    SERVICE = "service", _("Service")
    INTEREST = "interest", _("Interest")


class Ownership(models.TextChoices):
    COMPANY_OPENED = "company_opened", _("Opened by the company")
    EMPLOYEE_AUTHORISED = "employee_authorised", _("Authorised by the employee")
    PERSONAL = "personal", _("Personal")


class AccountState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("social account", "Active")
    LIMITED = "limited", _("Throttled")
    BANNED = "banned", _("Banned")
    CLOSED = "closed", _("Closed")
