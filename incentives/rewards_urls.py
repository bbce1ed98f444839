"""Addresses of the reward pages."""

from django.urls import path

from incentives import rewards_boost_pages, rewards_pages

urlpatterns = [
    path("rewards/", rewards_pages.reward_list, name="rewards"),
    path("rewards/run/", rewards_pages.reward_run, name="reward_run"),
    path("rewards/rules/", rewards_pages.reward_rules, name="reward_rules"),
    path(
        "rewards/rules/<int:rule_id>/decide/",
        rewards_pages.reward_rule_decide,
        name="reward_rule_decide",
    ),
    path("rewards/boosts/", rewards_boost_pages.boost_list, name="boosts"),
    path("rewards/boosts/budget/", rewards_boost_pages.boost_budget, name="boost_budget"),
    path("rewards/boosts/<int:boost_id>/", rewards_boost_pages.boost_step, name="boost_step"),
    path("rewards/posts/<int:post_id>/boost/", rewards_boost_pages.boost_ask, name="boost_ask"),
    path("rewards/<int:item_id>/", rewards_pages.reward, name="reward"),
    path("rewards/<int:item_id>/stop/", rewards_pages.reward_stop, name="reward_stop"),
    path("rewards/<int:item_id>/clear/", rewards_pages.reward_clear, name="reward_clear"),
]
