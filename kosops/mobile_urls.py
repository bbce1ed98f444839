"""The phone pages of store staff and KOC."""

from django.urls import path

from content import mobile as content
from incentives import benefits_mobile as benefits
from incentives import mobile as money
from incentives import payee_mobile, points_mobile, theme_mobile
from incentives import perk_mobile as perks
from incentives import rewards_mobile as rewards
from incentives.dispute_urls import mobile_patterns as disputes
from incentives.rota_urls import mobile_patterns as volunteering
from incentives.share_urls import mobile_patterns as sharing
from insights import mobile as today
from kosops.ui import offline
from matrix import custody_mobile as custody
from matrix import help_mobile
from matrix.purchase_urls import mobile_patterns as purchases

app_name = "mobile"
urlpatterns = [
    path("", today.today, name="today"),
    path("posts/", content.own_posts, name="posts"),
    path("posts/add/", content.add, name="post_add"),
    path("posts/check/", content.check, name="post_check"),
    path("posts/<int:pk>/corrected/", content.corrected, name="post_corrected"),
    path("money/", money.money, name="money"),
    path("money/statements/<int:statement_id>/pdf/", money.statement_pdf, name="statement_pdf"),
    *disputes,
    *sharing,
    *volunteering,
    path("money/<int:order_line_id>/<str:role>/", money.money_line, name="money_line"),
    path("points/", points_mobile.own_points, name="points"),
    path("catalogue/", perks.rewards, name="catalogue"),
    path("catalogue/mine/", perks.own_rewards, name="own_rewards"),
    path("catalogue/mine/<int:redemption_id>/", perks.own_reward, name="own_reward"),
    path("catalogue/<int:reward_id>/", perks.reward, name="catalogue_item"),
    path("rank/", money.rank, name="rank"),
    path("money/account/", payee_mobile.account, name="payee"),
    path("money/account/read/", payee_mobile.notices_read, name="payee_read"),
    path("theme/", theme_mobile.own_theme, name="theme"),
    path("tier/", money.tier, name="tier"),
    path("tier/certificate/", benefits.certificate, name="certificate"),
    path("rewards/", rewards.own_rewards, name="rewards"),
    path("accounts/", custody.own_accounts, name="custody"),
    path("accounts/<int:pk>/sign/", custody.sign, name="custody_sign"),
    *purchases,
    path("help/", help_mobile.own_help, name="help"),
    path("help/ask/", help_mobile.help_ask, name="help_ask"),
    path("app.webmanifest", offline.manifest, name="manifest"),
    path("sw.js", offline.worker, name="worker"),
    path("offline/", offline.page, name="offline"),
    path("token/", offline.token, name="token"),
]
