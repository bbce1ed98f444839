"""What a platform is good for, by trade, until a brand says it in its own words (K25, C05)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matrix.choices import Platform, Trade

# For every trade without a line of its own below.
GENERAL: dict[str, Promise] = {
    Platform.XIAOHONGSHU: _("People look here before they buy: honest notes about use and choice."),
    Platform.DOUYIN: _("Reach by short video; good for showing how something is done."),
    Platform.CHANNELS: _("Reaches friends of friends and leads straight into WeCom."),
    Platform.WECOM: _("The staff's own numbers: customers stay with the company when staff leave."),
    Platform.WECHAT: _("Close contact one to one; what is said here the company does not see."),
    Platform.OFFICIAL_ACCOUNT: _("Longer reading, notices and service for customers you have."),
    Platform.MINI_PROGRAMME: _("Buying, membership and coupons without leaving WeChat."),
    Platform.GROUP: _("News and help for customers who know each other's questions."),
    Platform.DIANPING: _("Where guests rate a visit: worth it for shops that people come to."),
    Platform.WEIBO: _("Public topics and quick answers; a text lives for hours, not for months."),
    Platform.HAOHAOZHU: _("For people who furnish a home; of little use to other trades."),
    Platform.MAMA: _("For parents of small children; of little use to other trades."),
}

# The platforms to begin with in a trade, and why.
FOR_TRADE: dict[tuple[str, str], Promise] = {
    (Platform.DOUYIN, Trade.FOOD): _(
        "Begin here: local-life videos lead guests into the shop, and staff post as artisans."
    ),
    (Platform.DIANPING, Trade.FOOD): _(
        "Guests decide by ratings and pictures here: answer them, never buy them."
    ),
    (Platform.XIAOHONGSHU, Trade.WOMENS_GOODS): _(
        "Begin here: looks, shades and comparisons by staff and customers."
    ),
    (Platform.XIAOHONGSHU, Trade.EDUCATION): _(
        "Begin here: parents and students compare experience; promise no result."
    ),
    (Platform.XIAOHONGSHU, Trade.STUDY_ABROAD): _(
        "Begin here: diaries of applicants and advisers; keep every figure provable."
    ),
    (Platform.CHANNELS, Trade.FINANCE): _(
        "Begin here: advisers known to their customers explain; every text is reviewed first."
    ),
    (Platform.CHANNELS, Trade.HEALTH): _(
        "Begin here: qualified people explain; no word of cure or effect without proof."
    ),
    (Platform.CHANNELS, Trade.BUSINESS): _(
        "Begin here: business customers watch what colleagues recommend."
    ),
    (Platform.XIAOHONGSHU, Trade.CARS): _("Choosing and living with a car, told by owners."),
    (Platform.DOUYIN, Trade.CARS): _("Test drives and comparisons; the leads go to the dealer."),
    (Platform.CHANNELS, Trade.CARS): _("The salesperson's own circle, for offers and events."),
    (Platform.HAOHAOZHU, Trade.HOMES): _("Begin here: whole homes with plans, lists and costs."),
    (Platform.XIAOHONGSHU, Trade.HOMES): _("Single rooms and pieces, shown before and after."),
    (Platform.MAMA, Trade.BABIES): _("Begin here: parents ask parents, month by month of age."),
    (Platform.XIAOHONGSHU, Trade.BABIES): _("Experience with products for parents and babies."),
    (Platform.WEIBO, Trade.WOMENS_GOODS): _("Launches and topics together with what is on TV."),
}


def advice(platform: str, trade: str) -> Promise | str:
    """The shipped text; empty for a platform of a brand's own."""
    return FOR_TRADE.get((platform, trade), GENERAL.get(platform, ""))


def is_recommended(platform: str, trade: str) -> bool:
    """Whether the platform has words of its own for this trade."""
    return (platform, trade) in FOR_TRADE
