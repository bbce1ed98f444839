from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from kosops.ui import definitions, navigation


class IncentivesConfig(AppConfig):
    name = "incentives"

    def ready(self) -> None:
        from accounts import activity, first_steps

        # Job kinds, waiting items and import formats register when their modules load.
        from incentives import (  # noqa: F401
            dry_runs,
            exports,
            finding,
            import_payout_results,
            import_provider_statement,
            interim,
            nightly,
            own_order_waiting,
            payout_proof,
            plan_waiting,
            points_exports,
            points_waiting,
            proof,
            race_waiting,
            reward_proof,
            rewards_jobs,
            rota_exports,
            rota_jobs,
            rota_places,
            rota_proof,
            rota_waiting,
            scheme_exports,
            share_exports,
            share_report,
            themes,
            tier_names,
            waiting_items,
        )
        from incentives.choices import TIER_CHOICES, Decision
        from incentives.definitions import (
            BOOKS,
            COMMISSION,
            DRY_RUNS,
            PAYOUTS,
            POINTS_TEXTS,
            REWARDS,
            TIERS,
        )
        from incentives.models import Approval, PlanVersion
        from incentives.race_definitions import RACES
        from incentives.rota_definitions import ROTA
        from incentives.share_definitions import SHARING
        from matrix import registry, tier_steps

        definitions.register(COMMISSION | PAYOUTS | BOOKS | TIERS)
        definitions.register(POINTS_TEXTS)
        definitions.register(DRY_RUNS)
        definitions.register(RACES)
        definitions.register(ROTA)
        definitions.register(REWARDS)
        definitions.register(SHARING)
        for check in (*payout_proof.CHECKS, *reward_proof.CHECKS, *rota_proof.CHECKS):
            proof.register(check)
        exports.register()
        points_exports.register()
        rota_exports.register()
        scheme_exports.register()
        share_exports.register()
        finding.register()
        first_steps.register(
            first_steps.Step(
                code="plan",
                label=_("Set the commission plan"),
                text=_("Who earns which share of an order, from which day"),
                url_name="incentives:plans",
                permission="commission.plan",
                order=40,
                shown_by=lambda brand: PlanVersion.objects.filter(brand=brand),
            )
        )
        first_steps.register(
            first_steps.Step(
                code="payout",
                label=_("Approve the first payout"),
                text=_("Finance settles a month, one person makes the batch, another approves it"),
                url_name="incentives:payouts",
                permission="payouts.approve",
                order=50,
                shown_by=lambda brand: Approval.objects.filter(
                    batch__brand=brand, decision=Decision.APPROVED
                ),
            )
        )
        registry.when_stopped(rota_places.after_stopping)
        tier_steps.register(TIER_CHOICES, tier_names.name)
        activity.opens_with("incentives.payoutbatch", "incentives:payout_batch")
        activity.opens_with("incentives.dispute", "incentives:dispute")
        activity.opens_with("incentives.ownorder", "incentives:own_order")
        activity.opens_with("incentives.dryrun", "incentives:dry_run")
        activity.opens_with("incentives.proofrun", "incentives:proof")
        activity.opens_with("incentives.correction", "incentives:correction")
        activity.opens_with("incentives.planversion", "incentives:plan")
        activity.opens_with("incentives.settlement", "incentives:settlement")
        activity.opens_with("incentives.reward", "incentives:catalogue_item")
        activity.opens_with("incentives.theme", "incentives:theme")
        activity.opens_with("incentives.redemption", "incentives:redemption")
        activity.opens_with("incentives.pointgrant", "incentives:point_grant")
        activity.opens_with("incentives.tierrun", "incentives:tier_run")
        activity.opens_with("incentives.race", "incentives:race")
        activity.opens_with("incentives.duty", "incentives:duty")
        activity.opens_with("incentives.shift", "incentives:shift")
        activity.opens_with("incentives.rewarditem", "incentives:reward")
        for item in (
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Tiers"),
                url_name="incentives:tiers",
                icon="layers",
                order=10,
                permission="tiers.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Races"),
                url_name="incentives:races",
                icon="trophy",
                order=15,
                permission="races.view",
                count=race_waiting.to_do,
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Rewards"),
                url_name="incentives:rewards",
                icon="badge-check",
                order=16,
                permission="rewards.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Commission"),
                url_name="incentives:statements",
                icon="percent",
                order=20,
                permission="commission.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Settlements"),
                url_name="incentives:settlements",
                icon="calendar-check",
                order=30,
                permission="commission.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Payouts"),
                url_name="incentives:payouts",
                icon="banknote",
                order=40,
                permission="payouts.view",
                count=waiting_items.batches_to_decide,
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Points"),
                url_name="incentives:points",
                icon="coins",
                order=60,
                permission="points.view",
                count=points_waiting.grants_to_decide,
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Catalogue"),
                url_name="incentives:catalogue",
                icon="gift",
                order=65,
                permission="points.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Themes"),
                url_name="incentives:themes",
                icon="sparkles",
                order=70,
                permission="points.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Share report"),
                url_name="incentives:share_report",
                icon="share-2",
                order=25,
                permission="commission.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Scheme check"),
                url_name="incentives:schemes",
                icon="shield-check",
                order=75,
                permission="rewards.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("Volunteers"),
                url_name="incentives:rota_week",
                icon="handshake",
                order=72,
                permission="points.view",
            ),
            navigation.NavItem(
                group=navigation.REWARD,
                label=_("The books"),
                url_name="incentives:books",
                icon="book-open",
                order=50,
                permission="books.view",
            ),
        ):
            navigation.register(item)
        navigation.register_staff(
            navigation.NavItem(label=_("Money"), url_name="mobile:money", icon="wallet", order=30)
        )
        navigation.register_staff(
            navigation.NavItem(label=_("Rank"), url_name="mobile:rank", icon="trophy", order=35)
        )
        navigation.register_staff(
            navigation.NavItem(label=_("Tier"), url_name="mobile:tier", icon="layers", order=40)
        )
