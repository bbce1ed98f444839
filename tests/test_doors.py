"""Every address of the product against everybody who might try it (A1, A10).

The cases come from the table of addresses: a new page that takes an id without a case here fails
this test, and so does one that answers somebody who should not even know that the object exists.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone

from accounts import saved_views
from accounts.api_keys import create_key
from accounts.choices import Role, UnitKind
from accounts.models import ApiKey, Job, Person, SavedView, Unit
from accounts.units import add_unit
from content import submissions
from content.models import Post, PostLink
from incentives import (
    commission_runs,
    corrections,
    dry_runs,
    payees,
    payouts,
    perks,
    plans,
    points,
    race_disputes,
    race_screens,
    race_standings,
    races,
    rewards_rule,
    rota,
    settlement,
    sharing,
    standing,
    themes,
    tier_runs,
)
from incentives.ladders import start_ladders
from incentives.models import (
    Benefit,
    Boost,
    Correction,
    Dispute,
    DryRun,
    Journal,
    OwnOrder,
    PayoutBatch,
    PayoutHold,
    PlanVersion,
    PointGrant,
    PointRule,
    ProofRun,
    RaceDispute,
    Redemption,
    Reward,
    RewardItem,
    RewardRule,
    Settlement,
    ShareLink,
    Shift,
    ShiftPlace,
    Standing,
    Statement,
    Theme,
    TierChange,
    TierPin,
    TierProposal,
    TierRun,
)
from incentives.plans import NewRate, PlanTerms
from incentives.rewards_rule import Step, Terms
from integrations.importing import start_import
from integrations.models import ImportBatch, ImportIssue
from kosops import urls
from kosops.lib.periods import Month
from kosops.lib.secrets import decrypt
from matrix import communities, custody, handover, help_requests, platform_rules, purchase_proofs
from matrix.models import (
    Application,
    CommunityMember,
    Custody,
    CustomerTransfer,
    Handover,
    HelpRequest,
    Pairing,
    PlatformRule,
    PurchaseProof,
    Receipt,
    Recruitment,
    SocialAccount,
    StaffReport,
    TransferBatch,
)
from matrix.registry import add_account, pair_accounts
from tests import cast as c
from tests.matrix import recruits

pytestmark = pytest.mark.django_db

# Addresses of others: the admin has tests of its own, sign-in is allauth's, the API knows keys.
NOT_OURS = ("admin/", "account/", "ui/")
# Open to everybody: they change nothing but the visitor's own cookies.
# And what a phone fetches without a person: its words are the same for everybody.
PUBLIC = {
    "accounts:preferences",
    "set_language",
    "mobile:manifest",
    "mobile:worker",
    "mobile:offline",
    # The form behind a channel's link; the private page is known by 128 random bits alone.
    "matrix:apply",
    "matrix:apply_status",
    # The television of a store: known by 256 random bits alone.
    "incentives:race_screen",
    # Says whether a certificate with a number of sixty random bits is genuine.
    "incentives:certificate",
}
# Words that only the first brand's pages may show.
MARKS = (
    "Jing'an Kerry",
    "Zhou Min",
    "ORDER-OF-CHENGYE",
    "Post of Zhou",
    "Link of Zhou",
    "Perk of Chengye",
    "Rule of Chengye",
    "Job of Chengye",
    "Circle of Chengye",
    "Question of Zhou",
    "Gift for Zhou",
    "Cream of Chengye",
    "Hold of Zhou",
    "Theme of Chengye",
    "Price of Chengye",
    "march.csv",
    "Cream trial",
    "Race of Chengye",
)


@dataclass
class World:
    chengye: c.Cast
    lin: Person
    job: Job
    key: ApiKey
    view: SavedView
    batch: ImportBatch
    issue: ImportIssue
    post: Post
    recruits: Post
    link: PostLink
    pairing: Pairing
    member: CommunityMember
    custody: Custody
    help: HelpRequest
    purchase: PurchaseProof
    receipt: Receipt
    handover: Handover
    rule: PlatformRule
    order_id: int
    line_id: int
    tier_run: TierRun
    tier_change: TierChange
    tier_pin: TierPin
    tier_proposal: TierProposal
    reward: RewardItem
    boost: Boost
    benefit: Benefit
    settlement: Settlement
    statement: Statement
    payout_batch: PayoutBatch
    correction: Correction
    proof: ProofRun
    dry_run: DryRun
    dispute: Dispute
    own_order: OwnOrder
    journal: Journal
    plan: PlanVersion
    point_rule: PointRule
    point_grant: PointGrant
    redemption: Redemption
    race_dispute: RaceDispute
    race_screen: race_screens.NewScreen
    hold: PayoutHold
    theme: Theme
    share_link: ShareLink
    shift_place: ShiftPlace
    standing: Standing
    application: Application


def a_proof(brand: Any) -> ProofRun:
    now = timezone.now()
    return ProofRun.objects.create(
        brand=brand,
        started_at=now,
        finished_at=now,
        differences=0,
        findings=[{"code": "journal_balances", "differences": 0, "examples": []}],
    )


def a_dry_run(brand: Any) -> DryRun:
    version = PlanVersion.objects.filter(brand=brand).earliest("pk")
    month = Month(2026, 9)
    dry_run = dry_runs.begin(by=None, version=version, first=month, last=month)
    dry_runs.work_out(dry_run)
    return dry_run


def routes() -> list[tuple[str, set[str]]]:
    """(name, names of its arguments) of each address of ours."""

    def walk(resolver: Any, spaces: tuple[str, ...], path: str) -> Iterator[tuple[str, set[str]]]:
        for entry in resolver.url_patterns:
            here = path + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inner = (*spaces, entry.namespace) if entry.namespace else spaces
                yield from walk(entry, inner, here)
            elif isinstance(entry, URLPattern) and not here.startswith(NOT_OURS):
                assert entry.name, f"{here} has no name"
                yield ":".join((*spaces, entry.name)), set(entry.pattern.converters)

    return list(walk(get_resolver(), (), ""))


ROUTES = routes()
# Arguments that are words of the page itself and point to nobody's object.
WORDS = {
    "incentives:tier_moves": {"outcome": "promoted"},
    # Every brand has the shipped platforms; tests/matrix/test_platforms.py tries those of another.
    "matrix:platform": {"code": "douyin"},
    "matrix:platform_rule_add": {"code": "douyin"},
}
# The REST API knows keys instead of people: tests/test_api_doors.py.
OWN = [(name, arguments) for name, arguments in ROUTES if not name.startswith("api:")]
WITH_ARGUMENTS = [name for name, arguments in OWN if arguments and name not in WORDS]
PAGES = [name for name, arguments in OWN if (not arguments or name in WORDS) and name not in PUBLIC]

# What each address points to, in a world of the first brand.
CASES: dict[str, Callable[[World], dict[str, Any]]] = {
    "accounts:job": lambda w: {"job_id": w.job.pk},
    "accounts:job_file": lambda w: {"job_id": w.job.pk},
    "accounts:job_cancel": lambda w: {"job_id": w.job.pk},
    "accounts:person": lambda w: {"person_id": w.lin.pk},
    "accounts:role_give": lambda w: {"person_id": w.lin.pk},
    "accounts:role_end": lambda w: {"person_id": w.lin.pk, "grant_id": w.lin.grants.get().pk},
    "accounts:person_access": lambda w: {"person_id": w.lin.pk},
    "accounts:view_remove": lambda w: {"view_id": w.view.pk},
    "accounts:api_key_revoke": lambda w: {"key_id": w.key.pk},
    "integrations:import": lambda w: {"pk": w.batch.pk},
    "integrations:import_columns": lambda w: {"pk": w.batch.pk},
    "integrations:import_sheet": lambda w: {"pk": w.batch.pk},
    "integrations:import_check": lambda w: {"pk": w.batch.pk},
    "integrations:import_confirm": lambda w: {"pk": w.batch.pk},
    "integrations:import_retry": lambda w: {"pk": w.batch.pk},
    "integrations:import_cancel": lambda w: {"pk": w.batch.pk},
    "integrations:import_rows": lambda w: {"pk": w.batch.pk},
    "integrations:import_row": lambda w: {"pk": w.batch.pk, "issue_pk": w.issue.pk},
    "integrations:import_faults": lambda w: {"pk": w.batch.pk},
    "integrations:import_file": lambda w: {"pk": w.batch.pk},
    "content:unit_posts": lambda w: {"pk": w.chengye.jingan.pk},
    "customers:unit_orders": lambda w: {"pk": w.chengye.jingan.pk},
    "matrix:region": lambda w: {"pk": w.chengye.east.pk},
    "matrix:store": lambda w: {"pk": w.chengye.jingan.pk},
    "matrix:creator": lambda w: {"pk": w.chengye.zhou.pk},
    "matrix:creator_edit": lambda w: {"pk": w.chengye.zhou.pk},
    "matrix:creator_domain": lambda w: {"pk": w.chengye.may.pk},
    "matrix:purchase_add": lambda w: {"pk": w.chengye.may.pk},
    "matrix:purchase_take_back": lambda w: {"proof_id": w.purchase.pk},
    "matrix:receipt": lambda w: {"receipt_id": w.receipt.pk},
    "matrix:persona": lambda w: {"pk": w.chengye.zhou.pk},
    "matrix:profile": lambda w: {"pk": w.pairing.public_account_id},
    "matrix:pair": lambda w: {"pk": w.pairing.public_account_id},
    "matrix:merge": lambda w: {"pk": w.chengye.zhou.pk},
    "matrix:keep_apart": lambda w: {"pk": w.chengye.zhou.pk},
    "matrix:pairing_end": lambda w: {"pk": w.pairing.pk},
    **dict.fromkeys(
        (
            "matrix:community",
            "matrix:community_change",
            "matrix:community_close",
            "matrix:member_add",
            "content:community_posts",
        ),
        lambda w: {"pk": w.member.community_id},
    ),
    "matrix:member_remove": lambda w: {"pk": w.member.pk},
    **dict.fromkeys(
        (
            "matrix:help_request",
            "matrix:help_answer",
            "matrix:help_hand_on",
            "matrix:help_close",
        ),
        lambda w: {"pk": w.help.pk},
    ),
    **dict.fromkeys(
        ("matrix:platform_rule", "matrix:platform_rule_remove"), lambda w: {"pk": w.rule.pk}
    ),
    "matrix:reveal": lambda w: {"pk": w.chengye.zhou.pk},
    **dict.fromkeys(
        (
            "matrix:account",
            "matrix:account_change",
            "matrix:account_reveal",
            "matrix:account_state",
            "matrix:custody_begin",
            "matrix:custody_sign",
            "matrix:event_add",
        ),
        lambda w: {"pk": w.custody.account_id},
    ),
    "matrix:custody_paper": lambda w: {"pk": w.custody.account_id, "side": "giver"},
    "matrix:evidence": lambda w: {"pk": w.custody.evidence_id},
    **{
        f"matrix:recruitment_{page}": lambda w: {"recruitment_id": w.application.recruitment_id}
        for page in ("edit", "form", "state", "notices")
    },
    **{
        f"matrix:application{page}": lambda w: {"application_id": w.application.pk}
        for page in ("", "_act", "_reveal")
    },
    "matrix:apply": lambda w: {"token": w.application.channel.token},
    "matrix:apply_status": lambda w: {"token": decrypt(w.application.status_token)},
    "content:post": lambda w: {"pk": w.post.pk},
    "content:post_location": lambda w: {"pk": w.post.pk},
    "content:review": lambda w: {"pk": w.recruits.pk},
    "mobile:post_corrected": lambda w: {"pk": w.post.pk},
    "content:link_add": lambda w: {"pk": w.recruits.account_id},
    "content:link": lambda w: {"pk": w.link.pk},
    "content:link_to_post": lambda w: {"pk": w.link.pk},
    "content:link_refuse": lambda w: {"pk": w.link.pk},
    "content:creator_posts": lambda w: {"pk": w.chengye.zhou.pk},
    "customers:order": lambda w: {"pk": w.order_id},
    "customers:creator_orders": lambda w: {"pk": w.chengye.zhou.pk},
    "incentives:tier_run": lambda w: {"run_id": w.tier_run.pk},
    "incentives:tier_change": lambda w: {"change_id": w.tier_change.pk},
    "incentives:creator_tier": lambda w: {"creator_id": w.chengye.zhou.pk},
    "incentives:tier_pin": lambda w: {"creator_id": w.chengye.zhou.pk},
    "incentives:tier_unpin": lambda w: {"pin_id": w.tier_pin.pk},
    "incentives:points_person": lambda w: {"creator_id": w.chengye.zhou.pk},
    "incentives:point_rule_end": lambda w: {"rule_id": w.point_rule.pk},
    "incentives:point_grant": lambda w: {"gift_id": w.point_grant.pk},
    **{
        f"incentives:catalogue_{page}": lambda w: {"reward_id": w.redemption.reward_id}
        for page in ("item", "codes", "state")
    },
    **dict.fromkeys(
        ("incentives:theme", "incentives:theme_act"), lambda w: {"theme_id": w.theme.pk}
    ),
    "incentives:scheme": lambda w: {"kind": "theme", "scheme_id": w.theme.pk},
    **{
        f"incentives:share_link{page}": lambda w: {"share_id": w.share_link.pk}
        for page in ("", "_stop")
    },
    "mobile:share_qr": lambda w: {"share_id": w.share_link.pk, "file": "png"},
    "incentives:standing_switch": lambda w: {"standing_id": w.standing.pk},
    "incentives:redemption": lambda w: {"redemption_id": w.redemption.pk},
    **{
        f"incentives:duty{page}": lambda w: {"duty_id": w.shift_place.shift.duty_id}
        for page in ("", "_state", "_shifts")
    },
    **dict.fromkeys(
        (
            "incentives:shift",
            *(f"mobile:volunteer_{page}" for page in ("shift", "calendar", "attendance")),
        ),
        lambda w: {"shift_id": w.shift_place.shift_id},
    ),
    "incentives:shift_place": lambda w: {
        "shift_id": w.shift_place.shift_id,
        "place_id": w.shift_place.pk,
    },
    "mobile:catalogue_item": lambda w: {"reward_id": w.redemption.reward_id},
    "mobile:own_reward": lambda w: {"redemption_id": w.redemption.pk},
    **dict.fromkeys(
        ("incentives:reward", "incentives:reward_clear", "incentives:reward_stop"),
        lambda w: {"item_id": w.reward.pk},
    ),
    "incentives:benefit_end": lambda w: {"benefit_id": w.benefit.pk},
    "incentives:certificate": lambda w: {"number": "ACDEFGHJKMNP"},
    "incentives:reward_rule_decide": lambda w: {"rule_id": w.reward.rule_id},
    "incentives:boost_step": lambda w: {"boost_id": w.boost.pk},
    "incentives:boost_ask": lambda w: {"post_id": w.post.pk},
    "incentives:statement": lambda w: {"statement_id": w.statement.pk},
    **{
        f"incentives:{name}": lambda w: {"dispute_id": w.dispute.pk}
        for name in ("dispute", "dispute_answer", "dispute_file")
    },
    **{
        f"incentives:{name}": lambda w: {"own_order_id": w.own_order.pk}
        for name in ("own_order", "own_order_check")
    },
    "mobile:statement_pdf": lambda w: {"statement_id": w.statement.pk},
    "mobile:statement_ask": lambda w: {"statement_id": w.statement.pk},
    "mobile:line_ask": lambda w: {"order_line_id": w.line_id, "role": "seller"},
    "incentives:proof": lambda w: {"proof_id": w.proof.pk},
    **dict.fromkeys(
        ("incentives:dry_run", "incentives:dry_run_file"),
        lambda w: {"dry_run_id": w.dry_run.pk},
    ),
    "incentives:correction": lambda w: {"correction_id": w.correction.pk},
    "incentives:correction_decide": lambda w: {"correction_id": w.correction.pk},
    "incentives:reversal_add": lambda w: {"journal_id": w.journal.pk},
    "incentives:statement_file": lambda w: {"statement_id": w.statement.pk},
    "incentives:explain": lambda w: {
        "order_line_id": w.line_id,
        "creator_id": w.chengye.zhou.pk,
        "role": "seller",
    },
    "incentives:order_commission": lambda w: {"order_id": w.order_id},
    "incentives:interim_act": lambda w: {"settlement_id": w.settlement.pk},
    "incentives:settlement": lambda w: {"settlement_id": w.settlement.pk},
    "incentives:settlement_late": lambda w: {"settlement_id": w.settlement.pk},
    **dict.fromkeys(
        (
            "incentives:plan",
            "incentives:plan_decide",
            "incentives:plan_drop",
            "incentives:plan_edit",
            "incentives:plan_submit",
            "incentives:dry_run_start",
        ),
        lambda w: {"version_id": w.plan.pk},
    ),
    "incentives:payout_batch_make": lambda w: {"settlement_id": w.settlement.pk},
    "incentives:payout_batch": lambda w: {"batch_id": w.payout_batch.pk},
    "incentives:payout_batch_submit": lambda w: {"batch_id": w.payout_batch.pk},
    "incentives:payout_batch_decide": lambda w: {"batch_id": w.payout_batch.pk},
    "incentives:payout_batch_export": lambda w: {"batch_id": w.payout_batch.pk},
    "incentives:payout_batch_file": lambda w: {"batch_id": w.payout_batch.pk},
    **dict.fromkeys(
        (
            "incentives:race",
            "incentives:race_act",
            "incentives:race_disputes",
            "incentives:race_edit",
            "incentives:race_file",
            "incentives:race_notes",
            "incentives:race_result",
            "incentives:race_screen_add",
            "incentives:race_screens",
        ),
        lambda w: {"race_id": w.race_dispute.race_id},
    ),
    **dict.fromkeys(
        ("incentives:race_dispute", "incentives:race_entry"),
        lambda w: {"race_id": w.race_dispute.race_id, "entry_id": w.race_dispute.entry_id},
    ),
    "incentives:race_dispute_answer": lambda w: {"dispute_id": w.race_dispute.pk},
    "incentives:race_screen_end": lambda w: {"screen_id": w.race_screen.screen.pk},
    "incentives:race_screen": lambda w: {"token": w.race_screen.token},
    "incentives:payout_batch_resume": lambda w: {"batch_id": w.payout_batch.pk},
    "incentives:payout_batch_silence": lambda w: {"batch_id": w.payout_batch.pk},
    **dict.fromkeys(
        ("incentives:payout", "incentives:payout_give_back"),
        lambda w: {"payout_id": w.payout_batch.payouts.earliest("pk").pk},
    ),
    **dict.fromkeys(
        (
            "incentives:payee",
            "incentives:payee_account",
            "incentives:payee_identity",
            "incentives:payee_hold",
        ),
        lambda w: {"creator_id": w.chengye.zhou.pk},
    ),
    "incentives:payee_lift": lambda w: {"hold_id": w.hold.pk},
    "matrix:handover_open": lambda w: {"pk": w.chengye.zhou.pk},
    **dict.fromkeys(
        (
            "matrix:batches_make",
            "matrix:customers_add",
            "matrix:handover",
            "matrix:handover_close",
            "matrix:handover_customers",
            "matrix:handover_look",
            "matrix:handover_off",
        ),
        lambda w: {"pk": w.handover.pk},
    ),
    "matrix:handover_item": lambda w: {
        "pk": w.handover.pk,
        "item_pk": w.handover.items.earliest("pk").pk,
    },
    "matrix:batch_file": lambda w: {"pk": w.handover.batches.get().pk},
    "matrix:customer_settle": lambda w: {"pk": w.handover.customers.get().pk},
    "mobile:custody_sign": lambda w: {"pk": w.custody.pk},
    "mobile:money_line": lambda w: {"order_line_id": w.line_id, "role": "seller"},
}
# What a harmful form would say.
FORMS = {
    "incentives:own_order_check": {"note": "No note"},
    "incentives:race_act": {"act": "refresh"},
    "incentives:race_dispute": {"text": "No reason"},
    "incentives:race_dispute_answer": {"state": "upheld", "text": "No reason"},
    "content:link_refuse": {"reason": "No reason"},
    "content:post_location": {"location": "none"},
    "content:review": {"verdict": "problem", "findings": "fee"},
    "incentives:boost_ask": {"amount": "50", "reason": "No reason"},
    "incentives:boost_step": {"act": "approve", "amount": "50"},
    "incentives:reward_stop": {"reason": "No reason"},
    "incentives:tier_pin": {"tier": "senior", "until": "2099-01-01", "reason": "No reason"},
    "matrix:help_answer": {"text": "No answer"},
    "matrix:help_close": {"reason": "No reason"},
    "matrix:recruitment_state": {"state": "closed"},
    "matrix:recruitment_form": {"act": "channel", "kind": "wechat", "name": "Theirs"},
    "matrix:application_act": {"act": "decline", "reason": "places"},
    "matrix:recruitment_notices": {"phones": "1"},
    "accounts:role_give": {"role": Role.FINANCE},
    "accounts:person_access": {"act": "deactivate"},
    "incentives:point_grant": {"decision": "approve"},
    "incentives:catalogue_codes": {"lines": "THEIRS-1"},
    "incentives:catalogue_state": {"state": "closed"},
    "incentives:redemption": {"act": "done"},
    "incentives:duty_state": {"state": "closed"},
    "incentives:duty_shifts": {
        "first": "2027-01-01",
        "last": "2027-01-09",
        "begin": "10:00",
        "end": "12:00",
        "places": "2",
        "confirm": "1",
    },
    "incentives:shift": {"act": "call_off", "reason": "No reason"},
    "incentives:shift_place": {"came": "absent", "reason": "No reason"},
    "mobile:volunteer_shift": {"act": "sign_up"},
    "mobile:catalogue_item": {"client_key": "6f8f1c1e-9c7b-4a64-9d3c-0c6f6a1a2b3d"},
    "incentives:theme_act": {"act": "copy"},
    "incentives:points_person": {
        "points": "10",
        "reason": "No reason",
        "months": "12",
        "client_key": "6f8f1c1e-9c7b-4a64-9d3c-0c6f6a1a2b3c",
    },
    "matrix:creator_domain": {"domain": "private", "reason": "No reason"},
    "matrix:purchase_add": {"bought_on": "2026-09-01", "note": "No slip"},
    "matrix:purchase_take_back": {"reason": "No reason"},
    "matrix:receipt": {"verdict": "declined", "note": "No reason"},
    "matrix:account_state": {"state": "banned", "reason": "No reason", "on": "2026-09-02"},
    "matrix:custody_sign": {"side": "taker"},
    "matrix:customer_settle": {"act": "dropped", "note": "No reason"},
    "matrix:customers_add": {"lines": "wm-new"},
    "matrix:handover_item": {"reason": "No reason"},
    "matrix:handover_off": {"reason": "No reason"},
}


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    return a_world(settings, tmp_path)


def a_world(settings: Any, tmp_path: Any) -> World:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path), "base_url": None},
        },
    }
    cache.clear()
    chengye = c.cast()
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    chen = c.finance(chengye, "chen")
    c.plan(chengye.brand)
    c.pay_to_bank(chengye.zhou)
    order = c.order(chengye, "ORDER-OF-CHENGYE", 90_000)
    commission_runs.accrue(by=None, brand=chengye.brand, as_of=dt.date(2026, 9, 6))
    closed = settlement.settle(by=chen, brand=chengye.brand, month=Month(2026, 9))
    account = SocialAccount.objects.create(
        brand=chengye.brand,
        unit=chengye.jingan,
        creator=chengye.zhou,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        owner_proof="checked",
        handle="zhou",
    )
    StaffReport.objects.create(
        brand=chengye.brand,
        unit=chengye.jingan,
        account=account,
        creator=chengye.zhou,
        period_from=dt.date(2026, 9, 1),
        period_to=dt.date(2026, 9, 30),
        dm_leads=4,
        source="back-office",
        taken_at=c.at("2026-10-02"),
    )
    start_ladders(by=None, brand=chengye.brand, valid_from=c.LONG_AGO)
    run = tier_runs.evaluate(by=None, brand=chengye.brand, as_of=dt.date(2026, 9, 30))[0]
    job = Job.objects.create(kind="tests", unit=chengye.brand, label="Job of Chengye")
    job.result_file.save("jobs/rows.csv", ContentFile(b"Zhou Min"))
    file = ContentFile(
        "订单号,支付时间,实付金额\nZ1,2026-09-01 10:00,1.00\n".encode(), name="march.csv"
    )
    batch = start_import(
        by=lin, brand=chengye.brand, format_code="orders", source="shop", uploaded_file=file
    )
    post = Post.objects.create(
        brand=chengye.brand,
        store=chengye.jingan,
        account=account,
        creator=chengye.zhou,
        platform="xiaohongshu",
        title="Rewarded note",
        title_key="rewarded",
        published_at=c.at("2026-09-02"),
    )
    rule = RewardRule.objects.create(
        brand=chengye.brand,
        code="notes",
        name="Rule of Chengye",
        source="note",
        period=(dt.date(2026, 9, 1), None),
        terms=rewards_rule.terms_to_json(Terms("note", (Step(0, 500),))),
        created_by=lin,
    )
    return World(
        chengye=chengye,
        reward=RewardItem.objects.create(
            brand=chengye.brand,
            rule=rule,
            code="notes",
            key=f"note:{post.pk}",
            creator=chengye.zhou,
            post=post,
            done_on=dt.date(2026, 9, 2),
            watched_until=dt.date(2099, 1, 1),
            standing="below",
        ),
        benefit=Benefit.objects.create(
            brand=chengye.brand,
            creator_kind="koc",
            tier="senior",
            kind="perk",
            title="Perk of Chengye",
            period=(dt.date(2026, 9, 1), None),
        ),
        boost=Boost.objects.create(
            post=post, period="2026-09", asked_amount=5_000, asked_reason="Near", asked_by=chen
        ),
        lin=lin,
        job=job,
        view=saved_views.save_view(
            by=lin, page="content:posts", name="View of Chengye", query="state=online"
        ),
        key=create_key(by=lin, unit=chengye.brand, name="Shop", scopes=["orders:read"]).key,
        batch=batch,
        issue=ImportIssue.objects.create(batch=batch, line=1, outcome="faulty"),
        post=Post.objects.create(
            brand=chengye.brand,
            store=chengye.jingan,
            account=account,
            creator=chengye.zhou,
            platform="xiaohongshu",
            title="Post of Zhou",
            published_at=c.at("2026-09-01"),
        ),
        recruits=Post.objects.create(
            brand=chengye.brand,
            store=chengye.brand,
            account=c.account(chengye.brand, handle="Chengye hiring", purpose="recruiting"),
            platform="xiaohongshu",
            title="We are hiring",
            published_at=c.at("2026-09-01"),
        ),
        link=submissions.add_link(
            by=None,
            creator=chengye.zhou,
            text="Link of Zhou http://xhslink.com/a/AbC12",
            client_key=uuid.uuid4(),
        ),
        pairing=pair_accounts(
            by=lin,
            public=account,
            private=add_account(
                by=lin,
                creator=chengye.zhou,
                platform="wecom",
                handle="zhoumin",
                ownership="company_opened",
            ),
            since=dt.date(2026, 9, 1),
        ),
        member=CommunityMember.objects.create(
            community=communities.open_community(
                by=lin,
                unit=chengye.jingan,
                name="Circle of Chengye",
                kind="wecom_group",
                host=lin,
                opened_on=dt.date(2026, 9, 1),
            ),
            creator=chengye.zhou,
            since=dt.date(2026, 9, 2),
        ),
        custody=custody.begin(
            by=None,
            account=account,
            creator=chengye.zhou,
            since=dt.date(2026, 9, 1),
            evidence=c.paper(chengye.jingan),
        ),
        purchase=purchase_proofs.prove(
            by=lin, creator=chengye.may, bought_on=dt.date(2026, 8, 1), note="Slip of May"
        ),
        receipt=purchase_proofs.hand_in(
            by=lin, creator=chengye.may, evidence=c.paper(chengye.jingan), note="Receipt of May"
        ),
        help=help_requests.ask(
            by=None,
            creator=chengye.zhou,
            kind="other",
            text="Question of Zhou",
            client_key=uuid.uuid4(),
        ),
        handover=a_handover(chengye),
        rule=platform_rules.add_rule(
            by=None,
            brand=chengye.brand,
            platform="xiaohongshu",
            kind="kos_quota",
            value=7,
            valid_from=timezone.localdate() + dt.timedelta(days=30),
        ),
        order_id=order.pk,
        line_id=order.lines.get().pk,
        tier_run=run,
        tier_change=TierChange.objects.create(
            run=run,
            creator=chengye.zhou,
            to_tier="junior",
            effective_on=run.as_of,
            explanation={"rule": "junior", "facts": {}, "thresholds": {}, "posts": []},
        ),
        tier_pin=TierPin.objects.create(
            creator=chengye.zhou,
            tier="junior",
            period=(dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
            reason="No reason",
            created_by=lin,
        ),
        tier_proposal=TierProposal.objects.create(
            run=run,
            creator=chengye.zhou,
            to_tier="junior",
            is_up=True,
            proposed_on=run.as_of,
            explanation={"rule": "reach", "facts": {}, "thresholds": {}, "posts": []},
        ),
        settlement=closed,
        statement=Statement.objects.get(settlement=closed, creator=chengye.zhou),
        payout_batch=payouts.make_batch(by=chen, settlement=closed),
        correction=corrections.ask_adjustment(
            by=chen, creator=chengye.zhou, amount=500, reason="missed"
        ),
        proof=a_proof(chengye.brand),
        dry_run=a_dry_run(chengye.brand),
        dispute=Dispute.objects.create(
            brand=chengye.brand,
            creator=chengye.zhou,
            statement=Statement.objects.get(settlement=closed, creator=chengye.zhou),
            text="why",
            asked_at=timezone.now(),
        ),
        own_order=OwnOrder.objects.create(
            brand=chengye.brand,
            order=order,
            creator=chengye.zhou,
            role="seller",
            found_at=timezone.now(),
        ),
        journal=Journal.objects.filter(brand=chengye.brand).earliest("pk"),
        plan=plans.draft(
            by=None,
            brand=chengye.brand,
            terms=PlanTerms("Plan of Chengye", dt.date(2027, 1, 1)),
            rates=[NewRate("seller", 500)],
        ),
        point_rule=points.save_rule(
            by=None,
            brand=chengye.brand,
            event="post",
            points=10,
            valid_from=dt.date(2026, 9, 1),
        ),
        point_grant=[a_gift(lin, chengye.zhou, number) for number in (5, 900)][-1],
        redemption=a_reward(chengye),
        race_dispute=(dispute := a_dispute(chengye, lin)),
        race_screen=race_screens.open_screen(by=lin, race=dispute.race),
        hold=payees.hold(by=chen, creator=chengye.zhou, reason="Hold of Zhou"),
        theme=themes.add_theme(
            by=None,
            brand=chengye.brand,
            month="2026-09",
            name="Theme of Chengye",
            steps=[[0, 10]],
        ),
        shift_place=a_shift_place(chengye),
        share_link=sharing.add_link(
            by=None,
            brand=chengye.brand,
            name="Shop of Chengye",
            template="https://shop.example/?from={code}",
            first_day=dt.date(2026, 9, 1),
        ),
        standing=standing.add_standing(
            by=None, brand=chengye.brand, name="Price of Chengye", discount_bp=1000
        ),
        application=recruits.apply(recruits.recruitment(chengye), store=chengye.jingan),
    )


def a_gift(lin: Person, zhou: Any, number: int) -> PointGrant:
    return points.give(
        by=lin, creator=zhou, points=number, reason="Gift for Zhou", client_key=uuid.uuid4()
    )


def a_shift_place(chengye: c.Cast) -> ShiftPlace:
    """Zhou looks after a shift of yesterday in which she has a place herself."""
    duty = rota.add_duty(
        by=None,
        unit=chengye.jingan,
        name="Hosts of Chengye",
        about="Welcome guests",
        where="Ground floor",
        host=chengye.zhou,
    )
    rota.set_state(by=None, duty=duty, state="open")
    begins = timezone.now() - dt.timedelta(days=1)
    shift = Shift.objects.create(
        brand=chengye.brand,
        duty=duty,
        starts_at=begins,
        ends_at=begins + dt.timedelta(hours=2),
        places=3,
    )
    return ShiftPlace.objects.create(
        shift=shift, creator=chengye.zhou, state="held", asked_at=begins, held_at=begins
    )


def a_reward(chengye: c.Cast) -> Redemption:
    """Something free that Zhou took and that is to be handed out."""
    offered = perks.add_reward(
        by=None,
        brand=chengye.brand,
        kind="gift",
        name="Cream of Chengye",
        delivery="store",
        price=0,
        per_person=30_000,
        opens_on=dt.date(2026, 9, 1),
        state="open",
    )
    return perks.redeem(by=None, creator=chengye.zhou, reward=offered, client_key=uuid.uuid4())


def a_dispute(chengye: c.Cast, by: Person) -> RaceDispute:
    """A question about the points of Jing'an, in a race of stores that runs."""
    today = timezone.localdate()
    race = races.add_race(
        by=by,
        brand=chengye.brand,
        scheme="stores",
        name="Race of Chengye",
        first_day=today,
        last_day=today,
        cut_off_on=today,
        formula=races.SCHEMES["stores"].formula,
    )
    race = race_standings.refresh(by=None, race=races.start(by=by, race=race))
    entry = race.entries.get(store=chengye.jingan)
    return race_disputes.raise_dispute(by=by, entry=entry, text="Doubt of Chengye")


def a_handover(chengye: c.Cast) -> Handover:
    """A case of Zhou Min with a customer who was asked for in WeCom."""
    case = handover.open_case(
        by=None, creator=chengye.zhou, reason="leaves", last_day=dt.date(2026, 9, 30)
    )
    now = c.at("2026-09-30")
    batch = TransferBatch.objects.create(
        handover=case,
        number=1,
        kind="resigned",
        taker=chengye.zhou,
        from_userid="a",
        to_userid="b",
        size=1,
        made_at=now,
    )
    CustomerTransfer.objects.create(
        brand=case.brand,
        handover=case,
        external_userid="wm-of-chengye",
        kind="resigned",
        state="refused",
        batch=batch,
        changed_at=now,
    )
    return case


@pytest.fixture
def mingwang() -> Unit:
    """Another brand in the same installation, with a store."""
    brand = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    add_unit(by=None, kind=UnitKind.STORE, code="MW1", name="Mingwang One", parent=brand)
    return brand


def browser_of(person: Person) -> Client:
    """Signed in by the form, so that an act which asks for a fresh proof is not held up by that."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.username, "password": c.PASSWORD})
    assert browser.session.get("_auth_user_id") == str(person.pk)
    return browser


def answers(browser: Client, name: str, **arguments: Any) -> Iterator[tuple[str, Any]]:
    address = reverse(name, kwargs=arguments)
    yield "GET", browser.get(address)
    yield "POST", browser.post(address, FORMS.get(name, {}))


def arguments_of(name: str, world: World) -> dict[str, Any]:
    return CASES[name](world) if name in CASES else WORDS.get(name, {})


def rows_of_everything() -> dict[str, int]:
    """How many rows each of our tables has, and the states that acts would change."""
    from django.apps import apps

    counts = {
        model._meta.label: model._default_manager.count()
        for label in ("accounts", "integrations", "matrix", "content", "customers", "incentives")
        for model in apps.get_app_config(label).get_models()
        # Refusals are noted in the log; what a page counted is kept for the next one.
        if model._meta.label
        not in ("accounts.Activity", "matrix.UnitFigures", "matrix.ChangedUnit")
    }
    for model, field in (
        (Job, "state"),
        (ImportBatch, "state"),
        (PayoutBatch, "state"),
        (PlanVersion, "state"),
        (PostLink, "state"),
        (HelpRequest, "state"),
        (Application, "stage"),
        (Recruitment, "state"),
        (Handover, "state"),
        (CustomerTransfer, "state"),
        (PointGrant, "state"),
        (Redemption, "state"),
        (Reward, "state"),
        (Standing, "active"),
        (ShareLink, "stopped_at"),
        (PointRule, "valid"),
    ):
        counts[f"{model._meta.label}.{field}"] = hash(tuple(_values(model, field)))
    counts["open pairings"] = Pairing.objects.filter(until=None).count()
    counts["live keys"] = ApiKey.objects.filter(revoked_at=None).count()
    counts["active people"] = Person.objects.filter(is_active=True).count()
    return counts


def _values(model: type[models.Model], field: str) -> list[Any]:
    return list(model._default_manager.order_by("pk").values_list(field, flat=True))


def test_every_address_with_an_id_has_a_case() -> None:
    assert set(CASES) == set(WITH_ARGUMENTS)


def test_strangers_are_sent_to_sign_in_everywhere(world: World) -> None:
    before = rows_of_everything()
    wrong = []
    for name, _arguments in OWN:
        if name in PUBLIC:
            continue
        given = arguments_of(name, world)
        for method, answer in answers(Client(), name, **given):
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith(
                reverse("account_login")
            )
            if not to_sign_in and answer.status_code not in (401, 405):
                wrong.append(f"{method} {name}: {answer.status_code}")
    assert wrong == []
    assert rows_of_everything() == before


@pytest.fixture
def short_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals without their page: thousands come, and `tests/test_error_pages.py` reads it."""
    for status in (403, 404):

        def refuse(request: Any, exception: Exception, status: int = status) -> HttpResponse:
            return HttpResponse(status=status)

        monkeypatch.setattr(urls, f"handler{status}", refuse)


def what_opens(world: World, person: Person, label: str) -> list[str]:
    """Addresses of the first brand's objects that do not answer as if nothing was there."""
    browser = browser_of(person)
    return [
        f"{label}: {method} {name}: {answer.status_code}"
        for name in WITH_ARGUMENTS
        if name not in PUBLIC
        for method, answer in answers(browser, name, **CASES[name](world))
        if answer.status_code not in (403, 404, 405)
    ]


@pytest.mark.usefixtures("short_refusals")
def test_objects_of_another_brand_do_not_exist(world: World, mingwang: Unit) -> None:
    """A1: with any role, by any method, no id of another brand opens or changes anything."""
    people = {role: c.person(f"qian-{role}", (role, mingwang)) for role in Role.values}
    before = rows_of_everything()
    assert [line for role, qian in people.items() for line in what_opens(world, qian, role)] == []
    assert rows_of_everything() == before


# Stores compare themselves in a race, so its board is for the whole brand; what lies behind a line
# is not (tests/incentives/test_race_pages.py).
OF_THE_BRAND = {"incentives:race", "incentives:race_disputes"}


@pytest.mark.usefixtures("short_refusals")
def test_objects_of_another_region_do_not_exist(world: World) -> None:
    """The same inside one brand: a role at a southern store opens nothing of the east."""
    people = {role: c.person(f"tian-{role}", (role, world.chengye.tianhe)) for role in Role.values}
    before = rows_of_everything()
    opened = [line for role, tian in people.items() for line in what_opens(world, tian, role)]
    assert [line for line in opened if line.split()[2].strip(":") not in OF_THE_BRAND] == []
    assert rows_of_everything() == before


def test_lists_show_nothing_of_another_brand(world: World, mingwang: Unit) -> None:
    wrong = []
    for role in Role.values:
        browser = browser_of(c.person(f"qian-{role}", (role, mingwang)))
        for name in PAGES:
            answer = browser.get(reverse(name, kwargs=WORDS.get(name, {})))
            if answer.status_code not in (200, 302, 403, 404, 405):
                wrong.append(f"{role}: {name}: {answer.status_code}")
            if answer.status_code == 200:
                shown = answer.content.decode()
                wrong += [f"{role}: {name} shows {mark}" for mark in MARKS if mark in shown]
    assert wrong == []


def test_the_cases_are_real(world: World) -> None:
    """The twin of the tests above: for a superuser each of these objects does exist."""
    browser = browser_of(c.person("admin", is_superuser=True, is_staff=True))
    wrong = []
    for name, _arguments in ROUTES:
        if name in PUBLIC or name.startswith(("mobile:", "api:")):
            continue
        given = arguments_of(name, world)
        answer = browser.get(reverse(name, kwargs=given))
        absent = {
            "incentives:payout_batch_file",
            "incentives:dispute_file",
        }  # nothing is exported yet
        if answer.status_code not in (200, 302, 405) and name not in absent:
            wrong.append(f"{name}: {answer.status_code}")
    assert wrong == []


def test_following_links_changes_nothing(world: World) -> None:
    """A10: no address changes state by GET."""
    browser = browser_of(c.person("admin", is_superuser=True, is_staff=True))
    before = rows_of_everything()
    for name, _arguments in OWN:
        given = arguments_of(name, world)
        browser.get(reverse(name, kwargs=given))
    assert rows_of_everything() == before


def test_a_phone_page_shows_one_s_own_money_only(world: World) -> None:
    """May was not credited for the line, so it does not exist for her."""
    for creator, status in ((world.chengye.zhou, 200), (world.chengye.may, 404)):
        role = Role.KOS if creator == world.chengye.zhou else Role.KOC
        creator.person = c.person(creator.name.split()[0].lower(), (role, world.chengye.jingan))
        creator.save()
        browser = browser_of(creator.person)
        answer = browser.get(reverse("mobile:money_line", kwargs=CASES["mobile:money_line"](world)))
        assert answer.status_code == status, creator
