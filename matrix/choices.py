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


class Programme(models.TextChoices):
    """What a KOC takes part in: seeding (content) or distribution (own sales)."""

    SEEDING = "seeding", _("Seeding")
    DISTRIBUTION = "distribution", _("Distribution")


class RoleBadge(models.TextChoices):
    """K03: what a KOS does besides posting."""

    COUNTER_CLERK = "counter_clerk", _("Counter clerk")
    SHOPPING_GUIDE = "shopping_guide", _("Shopping guide")
    SERVICE = "service", _("Customer service")
    PRODUCT_EXPERT = "product_expert", _("Product expert")


class Layer(models.TextChoices):
    """C52: how far a creator can be relied on; steers care, gives no rights (that is the tier)."""

    QUALITY = "quality", _("Quality layer")
    STANDARD = "standard", _("Standard layer")
    POTENTIAL = "potential", _("Potential layer")


class IdentityProof(models.TextChoices):
    """C02: by what the company knows that a creator is a real person."""

    STAFF_RECORD = "staff_record", _("Staff record")
    MEMBER_RECORD = "member_record", _("Member record")
    CHECKED = "checked", _("Checked by a colleague")


# Whom a list of HR or of the member centre names is known by that record.
PROOF_OF_KIND = {
    CreatorKind.KOS: IdentityProof.STAFF_RECORD,
    CreatorKind.KOC: IdentityProof.MEMBER_RECORD,
}


class OwnerProof(models.TextChoices):
    """By what the company knows whose account it is: a person as above, or itself."""

    COMPANY = "company", _("Registered to the company")
    STAFF_RECORD = "staff_record", _("Staff record")
    MEMBER_RECORD = "member_record", _("Member record")
    CHECKED = "checked", _("Checked by a colleague")


class CreatorState(models.TextChoices):
    CANDIDATE = "candidate", _("Candidate")
    ONBOARDING = "onboarding", _("Onboarding")
    ACTIVE = "active", pgettext_lazy("creator", "Active")
    PAUSED = "paused", _("Paused")
    LEFT = "left", _("Left")


class Platform(models.TextChoices):
    """The platforms that the product knows by itself; a brand adds its own (`BrandPlatform`)."""

    XIAOHONGSHU = "xiaohongshu", _("Xiaohongshu")
    DOUYIN = "douyin", _("Douyin")
    CHANNELS = "channels", _("WeChat Channels")
    WECOM = "wecom", _("WeCom")
    WECHAT = "wechat", _("Personal WeChat")
    OFFICIAL_ACCOUNT = "official_account", _("Official account")
    MINI_PROGRAMME = "mini_programme", _("Mini-programme")
    GROUP = "group", _("WeChat group")
    DIANPING = "dianping", _("Dianping")
    WEIBO = "weibo", _("Weibo")
    HAOHAOZHU = "haohaozhu", _("Haohaozhu")
    MAMA = "mama", _("Mama.cn")


class Domain(models.TextChoices):
    PUBLIC = "public", _("Public domain")
    PRIVATE = "private", _("Private domain")


class WorksIn(models.TextChoices):
    """C04: the domains in which a KOC works."""

    PUBLIC = "public", _("Public domain")
    PRIVATE = "private", _("Private domain")
    BOTH = "both", _("Public and private domain")


PLATFORM_DOMAIN = {
    Platform.XIAOHONGSHU: Domain.PUBLIC,
    Platform.DOUYIN: Domain.PUBLIC,
    Platform.CHANNELS: Domain.PUBLIC,
    Platform.WECOM: Domain.PRIVATE,
    Platform.WECHAT: Domain.PRIVATE,
    Platform.OFFICIAL_ACCOUNT: Domain.PRIVATE,
    Platform.MINI_PROGRAMME: Domain.PRIVATE,
    Platform.GROUP: Domain.PRIVATE,
    Platform.DIANPING: Domain.PUBLIC,
    Platform.WEIBO: Domain.PUBLIC,
    Platform.HAOHAOZHU: Domain.PUBLIC,
    Platform.MAMA: Domain.PUBLIC,
}

# C05: for some trades only, so a brand switches them on.
OFF_AT_FIRST = frozenset({Platform.DIANPING, Platform.WEIBO, Platform.HAOHAOZHU, Platform.MAMA})


class Trade(models.TextChoices):
    """K21, K25, C05: what a brand deals in; decides the advice on platforms."""

    GENERAL = "general", pgettext_lazy("trade", "Other trades")
    FOOD = "food", _("Food and local services")
    WOMENS_GOODS = "womens_goods", _("Beauty, fashion and women's goods")
    EDUCATION = "education", _("Education")
    STUDY_ABROAD = "study_abroad", _("Study abroad")
    FINANCE = "finance", _("Finance and insurance")
    HEALTH = "health", _("Health")
    BUSINESS = "business", _("Business services")
    CARS = "cars", _("Cars")
    HOMES = "homes", _("Homes and furnishing")
    PROPERTY = "property", _("Property")
    BABIES = "babies", _("Mothers and babies")


# K21: trades whose advertising the law watches more closely.
REGULATED = frozenset({Trade.FINANCE, Trade.HEALTH, Trade.EDUCATION, Trade.PROPERTY})


class PlatformRuleKind(models.TextChoices):
    """What a platform allows at the most, or asks at the least."""

    KOS_QUOTA = "kos_quota", _("KOS accounts at a time")
    MONTHLY_SPEND = "monthly_spend", _("Spend per month at least")
    NOTES_PER_MONTH = "notes_per_month", _("Brand notes of a KOC per month")


class RuleState(models.TextChoices):
    OK = "ok", pgettext_lazy("rule of a platform", "Kept")
    NEAR = "near", pgettext_lazy("rule of a platform", "Near the quota")
    OVER = "over", pgettext_lazy("rule of a platform", "Over the quota")
    SHORT = "short", pgettext_lazy("rule of a platform", "Spend too low")
    UNKNOWN = "unknown", pgettext_lazy("rule of a platform", "No report yet")
    ADVICE = "advice", pgettext_lazy("rule of a platform", "Advice only")

    @property
    def tone(self) -> str:
        tones = {"ok": "good", "near": "warn", "over": "bad", "short": "bad", "advice": "info"}
        return tones.get(self.value, "neutral")


class PrivateLayer(models.TextChoices):
    """K26: the three layers of the private domain."""

    RELATION = "relation", _("Relation")
    SERVICE = "service", _("Service")
    INTEREST = "interest", _("Interest")


class AccountRole(models.TextChoices):
    """K31: the numbers of the private matrix; HQ runs the first three, the stores the others."""

    EXPERIENCE_CENTRE = "experience_centre", _("Experience centre")
    WELFARE_OFFICER = "welfare_officer", _("Welfare officer")
    MEMBER_MANAGER = "member_manager", _("Member manager")
    STORE_NUMBER = "store_number", _("Store number")
    MANAGER_NUMBER = "manager_number", _("Manager number")
    EMPLOYEE_NUMBER = "employee_number", _("Employee number")


class AccountPurpose(models.TextChoices):
    """K21: what an account is there for."""

    SALES = "sales", _("Sales")
    BRAND = "brand", _("Brand")
    SERVICE = "service", pgettext_lazy("account purpose", "Service")
    RECRUITING = "recruiting", _("Recruiting")


class ProfileState(models.TextChoices):
    """Whether the profile of an account shows what it should; blank until somebody has looked."""

    FITS = "fits", _("Profile fits")
    DIFFERS = "differs", _("Profile differs")
    AGAIN = "again", _("Profile to check again")


class Ownership(models.TextChoices):
    COMPANY_OPENED = "company_opened", _("Opened by the company")
    EMPLOYEE_AUTHORISED = "employee_authorised", _("Authorised by the employee")
    PERSONAL = "personal", _("Personal")


class Asset(models.TextChoices):
    """K48: what accumulates in accounts, and stays or goes with them."""

    ACCOUNTS = "accounts", _("Accounts")
    FOLLOWERS = "followers", _("Followers")
    POSTS = "posts", _("Posts")
    CUSTOMERS = "customers", _("Customers")


class AccountState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("social account", "Active")
    LIMITED = "limited", _("Throttled")
    BANNED = "banned", _("Banned")
    CLOSED = "closed", _("Closed")


class CommunityKind(models.TextChoices):
    """C26: where a community lives."""

    WECHAT_GROUP = "wechat_group", _("WeChat group")
    WECOM_GROUP = "wecom_group", _("WeCom group")
    APP = "app", _("Community in an app")
    MINI_PROGRAMME = "mini_programme", _("Mini-programme")


class HelpKind(models.TextChoices):
    """C54: what a creator asks help with."""

    MATERIAL = "material", _("Material")
    PRODUCT = "product", _("Question about a product")
    ACCOUNT = "account", _("Problem with an account")
    PAYMENT = "payment", _("Question about money")
    OTHER = "other", _("Something else")


class HelpState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("request for help", "Waiting")
    ANSWERED = "answered", pgettext_lazy("request for help", "Answered")
    CLOSED = "closed", pgettext_lazy("request for help", "Closed")
