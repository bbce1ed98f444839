"""Rules, runs, books and payouts: shown, never edited by hand, also not by a superuser.

`Posting` has a primary key of two columns, which the admin cannot register; the postings stand on
the page of their journal.
"""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.admin_base import Looking, LookingInline
from incentives.models import (
    Approval,
    Benefit,
    Boost,
    BoostBudget,
    ChangedMonth,
    CommissionLine,
    CommissionRun,
    ControlTotal,
    Correction,
    CouponCode,
    DayDigest,
    Dispute,
    DryRun,
    DryRunPerson,
    Duty,
    Journal,
    LadderVersion,
    LedgerAccount,
    MonthLine,
    NoteReview,
    OwnBuyer,
    OwnOrder,
    Payee,
    PayeeNotice,
    Payout,
    PayoutBatch,
    PayoutDestination,
    PayoutHold,
    PayoutPolicy,
    PendingRelease,
    PlanBand,
    PlanMargin,
    PlanRate,
    PlanVersion,
    PointGrant,
    PointLine,
    PointRule,
    PointRun,
    ProofRun,
    ProviderEntry,
    Race,
    RaceAward,
    RaceDispute,
    RaceEntry,
    RaceFormula,
    RaceProof,
    RaceScreen,
    RaceStanding,
    Redemption,
    ReleaseLine,
    Reward,
    RewardItem,
    RewardLine,
    RewardRule,
    RewardRun,
    RotaNotice,
    SchemeCheck,
    Settlement,
    ShareArticleDay,
    ShareCount,
    SharedArticle,
    ShareDay,
    ShareLink,
    Shift,
    ShiftPlace,
    StaffPlace,
    Standing,
    StandingMonth,
    Statement,
    TaxPolicy,
    Theme,
    ThemeResult,
    TierCertificate,
    TierChange,
    TierNotice,
    TierPin,
    TierProposal,
    TierRisk,
    TierRun,
)


@admin.register(LadderVersion)
class LadderVersionAdmin(Looking):
    list_display = ("brand", "creator_kind", "valid_from", "created_by", "created_at")
    list_select_related = ("brand", "created_by")
    list_filter = ("creator_kind",)


@admin.register(TierRun)
class TierRunAdmin(Looking):
    list_display = ("brand", "ladder", "as_of", "started_by", "created_at")
    list_select_related = ("brand", "ladder", "started_by")


@admin.register(TierChange)
class TierChangeAdmin(Looking):
    list_display = ("creator", "from_tier", "to_tier", "effective_on")
    list_select_related = ("creator",)
    list_filter = ("to_tier",)
    search_fields = ("=creator__number",)


@admin.register(TierRisk)
class TierRiskAdmin(Looking):
    list_display = ("creator", "to_tier", "since", "falls_on")
    list_select_related = ("creator",)


@admin.register(TierPin)
class TierPinAdmin(Looking):
    list_display = ("creator", "tier", "period", "created_by", "ended_by")
    list_select_related = ("creator", "created_by", "ended_by")
    search_fields = ("=creator__number",)


@admin.register(TierNotice)
class TierNoticeAdmin(Looking):
    list_display = ("creator", "from_tier", "to_tier", "told_on", "falls_on", "seen_at", "ended_as")
    list_select_related = ("creator",)
    search_fields = ("=creator__number",)


@admin.register(TierProposal)
class TierProposalAdmin(Looking):
    list_display = ("creator", "from_tier", "to_tier", "proposed_on", "state", "decided_by")
    list_select_related = ("creator", "decided_by")
    list_filter = ("state",)
    search_fields = ("=creator__number",)


@admin.register(Benefit)
class BenefitAdmin(Looking):
    list_display = ("title", "brand", "creator_kind", "tier", "layer", "kind", "period")
    list_select_related = ("brand",)
    list_filter = ("kind",)


@admin.register(TierCertificate)
class TierCertificateAdmin(Looking):
    list_display = ("number", "creator", "tier", "since", "issued_at")
    list_select_related = ("creator",)
    search_fields = ("=number", "=creator__number")


@admin.register(RewardRule)
class RewardRuleAdmin(Looking):
    list_display = (
        "name",
        "brand",
        "code",
        "source",
        "period",
        "state",
        "created_by",
        "decided_by",
    )
    list_select_related = ("brand", "created_by", "decided_by")
    list_filter = ("state", "source")


@admin.register(RewardRun)
class RewardRunAdmin(Looking):
    list_display = ("brand", "as_of", "started_by", "created_at")
    list_select_related = ("brand", "started_by")


@admin.register(RewardItem)
class RewardItemAdmin(Looking):
    list_display = ("key", "creator", "rule", "done_on", "standing", "earned", "released")
    list_select_related = ("creator", "rule")
    list_filter = ("standing",)
    search_fields = ("=key", "=creator__number")


@admin.register(RewardLine)
class RewardLineAdmin(Looking):
    list_display = ("item", "kind", "sequence", "target", "amount", "run")
    list_select_related = ("item", "run")
    list_filter = ("kind",)


@admin.register(BoostBudget)
class BoostBudgetAdmin(Looking):
    list_display = ("brand", "period", "amount", "set_by", "set_at")
    list_select_related = ("brand", "set_by")


@admin.register(Boost)
class BoostAdmin(Looking):
    list_display = ("post", "state", "asked_amount", "approved_amount", "spent_amount")
    list_select_related = ("post",)
    list_filter = ("state",)


class PlanRateInline(LookingInline):
    model = PlanRate


class PlanMarginInline(LookingInline):
    model = PlanMargin


@admin.register(PlanVersion)
class PlanVersionAdmin(Looking):
    list_display = ("name", "brand", "valid", "state", "cap_bp", "created_by", "approved_by")
    list_select_related = ("brand", "created_by", "approved_by")
    list_filter = ("state",)
    inlines = (PlanRateInline, PlanMarginInline)


@admin.register(PlanBand)
class PlanBandAdmin(Looking):
    list_display = ("rate", "from_amount", "rate_bp")
    list_select_related = ("rate",)


@admin.register(StaffPlace)
class StaffPlaceAdmin(Looking):
    list_display = ("store", "creator", "valid", "weight", "leads")
    list_select_related = ("store", "creator")
    list_filter = ("leads",)
    search_fields = ("=creator__number",)


@admin.register(OwnBuyer)
class OwnBuyerAdmin(Looking):
    list_display = ("creator", "number")
    list_select_related = ("creator",)
    search_fields = ("=creator__number",)
    exclude = ("buyer_key",)


@admin.register(MonthLine)
class MonthLineAdmin(Looking):
    list_display = ("creator", "month", "version", "sequence", "target", "amount", "run")
    list_select_related = ("creator", "version", "run")
    search_fields = ("=creator__number",)


@admin.register(ChangedMonth)
class ChangedMonthAdmin(Looking):
    list_display = ("creator", "month")
    list_select_related = ("creator",)


@admin.register(CommissionRun)
class CommissionRunAdmin(Looking):
    list_display = ("brand", "kind", "as_of", "state", "started_by", "created_at", "posted_at")
    list_select_related = ("brand", "started_by")
    list_filter = ("kind", "state")


@admin.register(CommissionLine)
class CommissionLineAdmin(Looking):
    list_display = (
        "order",
        "creator",
        "role",
        "rate_bp",
        "sequence",
        "base",
        "target",
        "amount",
        "run",
    )
    list_select_related = ("order", "creator", "run")
    list_filter = ("role",)
    search_fields = ("=order__external_id", "=creator__number")


@admin.register(ReleaseLine)
class ReleaseLineAdmin(Looking):
    list_display = ("order", "creator", "sequence", "amount", "run")
    list_select_related = ("order", "creator", "run")
    search_fields = ("=order__external_id", "=creator__number")


@admin.register(PendingRelease)
class PendingReleaseAdmin(Looking):
    list_display = ("order", "due_on")
    list_select_related = ("order",)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(Looking):
    list_display = ("brand", "kind", "creator", "currency")
    list_select_related = ("brand", "creator")
    list_filter = ("kind", "currency")
    search_fields = ("=creator__number",)


@admin.register(Journal)
class JournalAdmin(Looking):
    list_display = ("source", "key", "kind", "brand", "currency", "business_date", "created_by")
    list_select_related = ("brand", "created_by")
    list_filter = ("kind", "currency")
    search_fields = ("=key", "source")
    readonly_fields = ("lines",)

    @admin.display(description=_("postings"))
    def lines(self, journal: Journal) -> str:
        """Debit-positive minor units, as the books hold them."""
        postings = journal.postings.select_related("account__creator").order_by("line")
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((line.line, line.account, line.amount, line.currency) for line in postings),
        )
        return format_html("<table><tbody>{}</tbody></table>", rows)


@admin.register(Correction)
class CorrectionAdmin(Looking):
    list_display = ("brand", "creator", "kind", "state", "amount", "maker", "checker", "made_at")
    list_select_related = ("brand", "creator", "maker", "checker")
    list_filter = ("kind", "state")
    search_fields = ("=creator__number",)


@admin.register(Dispute)
class DisputeAdmin(Looking):
    list_display = ("brand", "creator", "state", "asked_at", "answered_by", "answered_at")
    list_select_related = ("brand", "creator", "answered_by")
    list_filter = ("state",)


@admin.register(OwnOrder)
class OwnOrderAdmin(Looking):
    list_display = ("order", "creator", "role", "found_at", "checked_by", "checked_at")
    list_select_related = ("order", "creator", "checked_by")
    list_filter = ("role",)


@admin.register(DryRun)
class DryRunAdmin(Looking):
    list_display = ("version", "first_month", "last_month", "started_at", "finished_at")
    list_select_related = ("version",)


@admin.register(DryRunPerson)
class DryRunPersonAdmin(Looking):
    list_display = ("dry_run", "month", "creator", "store", "tier", "live", "dry")
    list_select_related = ("dry_run", "dry_run__version", "creator", "store")


@admin.register(ProofRun)
class ProofRunAdmin(Looking):
    list_display = ("brand", "started_at", "finished_at", "differences", "by")
    list_select_related = ("brand", "by")


@admin.register(DayDigest)
class DayDigestAdmin(Looking):
    list_display = ("brand", "day", "journals", "digest", "sealed_at")
    list_select_related = ("brand",)


@admin.register(ControlTotal)
class ControlTotalAdmin(Looking):
    list_display = ("brand", "source", "day", "orders", "order_amount", "refunds", "refund_amount")
    list_select_related = ("brand",)


@admin.register(Settlement)
class SettlementAdmin(Looking):
    list_display = ("brand", "period", "state", "currency", "created_by", "settled_at")
    list_select_related = ("brand", "created_by")
    list_filter = ("state",)


@admin.register(Statement)
class StatementAdmin(Looking):
    list_display = ("settlement", "creator", "store", "earned", "clawed_back", "held", "payable")
    list_select_related = ("settlement", "creator", "store")
    search_fields = ("=creator__number",)


@admin.register(PayoutDestination)
class PayoutDestinationAdmin(Looking):
    """Holder and account stay encrypted in the database."""

    list_display = ("creator", "kind", "masked", "changed_at", "frozen_until")
    list_select_related = ("creator",)
    search_fields = ("=creator__number",)
    exclude = ("holder", "account", "fingerprint")


@admin.register(Payee)
class PayeeAdmin(Looking):
    """The day of birth stays encrypted."""

    list_display = ("creator", "identity", "identified_at", "identified_by")
    list_select_related = ("creator", "identified_by")
    search_fields = ("=creator__number",)
    exclude = ("born",)


@admin.register(PayoutHold)
class PayoutHoldAdmin(Looking):
    list_display = ("creator", "reason", "by", "at", "until", "lifted_at")
    list_select_related = ("creator", "by")
    search_fields = ("=creator__number",)


@admin.register(PayeeNotice)
class PayeeNoticeAdmin(Looking):
    list_display = ("creator", "kind", "at", "read_at")
    list_select_related = ("creator",)
    search_fields = ("=creator__number",)


@admin.register(PayoutPolicy)
class PayoutPolicyAdmin(Looking):
    list_display = ("brand", "valid_from", "minimum", "second_over", "finance_over", "created_by")
    list_select_related = ("brand", "created_by")


@admin.register(TaxPolicy)
class TaxPolicyAdmin(Looking):
    list_display = ("brand", "valid_from", "method", "span", "created_by")
    list_select_related = ("brand", "created_by")


@admin.register(ProviderEntry)
class ProviderEntryAdmin(Looking):
    list_display = ("provider_no", "channel", "out_no", "amount", "state", "day")
    list_filter = ("channel", "state")
    search_fields = ("=provider_no", "=out_no")


class ApprovalInline(LookingInline):
    model = Approval


@admin.register(PayoutBatch)
class PayoutBatchAdmin(Looking):
    list_display = ("number", "brand", "settlement", "state", "count", "total", "maker")
    list_select_related = ("brand", "settlement", "maker")
    list_filter = ("state",)
    search_fields = ("=number",)
    inlines = (ApprovalInline,)


@admin.register(Approval)
class ApprovalAdmin(Looking):
    list_display = ("batch", "maker", "checker", "decision", "at")
    list_select_related = ("batch", "maker", "checker")
    list_filter = ("decision",)


@admin.register(Payout)
class PayoutAdmin(Looking):
    list_display = ("out_no", "batch", "creator", "amount", "currency", "state", "masked")
    list_select_related = ("batch", "creator")
    list_filter = ("state",)
    search_fields = ("=out_no", "=provider_no")
    exclude = ("holder", "account")


@admin.register(PointRule)
class PointRuleAdmin(Looking):
    list_display = ("brand", "event", "creator_kind", "points", "cap_day", "cap_month", "valid")
    list_select_related = ("brand",)
    list_filter = ("event",)


@admin.register(PointRun)
class PointRunAdmin(Looking):
    list_display = ("brand", "as_of", "started_by", "created_at")
    list_select_related = ("brand", "started_by")


@admin.register(PointLine)
class PointLineAdmin(Looking):
    list_display = ("creator", "source", "key", "amount", "earned_on", "expires_on")
    list_select_related = ("creator",)
    list_filter = ("source",)
    search_fields = ("=creator__number",)


@admin.register(PointGrant)
class PointGrantAdmin(Looking):
    list_display = ("creator", "points", "reason", "state", "maker", "checker", "created_at")
    list_select_related = ("creator", "maker", "checker")
    list_filter = ("state",)
    search_fields = ("=creator__number",)


class RaceFormulaInline(LookingInline):
    model = RaceFormula


@admin.register(Race)
class RaceAdmin(Looking):
    list_display = ("name", "brand", "scheme", "state", "first_day", "last_day", "frozen_at")
    list_select_related = ("brand",)
    list_filter = ("state", "scheme")
    inlines = (RaceFormulaInline,)


@admin.register(RaceFormula)
class RaceFormulaAdmin(Looking):
    list_display = ("race", "version", "created_by", "created_at")
    list_select_related = ("race", "created_by")


@admin.register(RaceEntry)
class RaceEntryAdmin(Looking):
    list_display = ("race", "store", "creator", "league", "size", "entered_on")
    list_select_related = ("race", "store", "creator")
    search_fields = ("=store__code", "=creator__number")


@admin.register(RaceStanding)
class RaceStandingAdmin(Looking):
    list_display = ("race", "entry", "day", "rank", "score", "heads")
    list_select_related = ("race", "entry", "entry__store", "entry__creator")


@admin.register(RaceDispute)
class RaceDisputeAdmin(Looking):
    list_display = ("race", "entry", "fact", "state", "raised_by", "raised_at", "answered_by")
    list_select_related = (
        *("race", "entry", "entry__store", "entry__creator", "raised_by", "answered_by"),
    )
    list_filter = ("state",)


@admin.register(RaceAward)
class RaceAwardAdmin(Looking):
    list_display = ("race", "entry", "creator", "prize", "weight", "amount", "currency")
    list_select_related = ("race", "entry", "entry__store", "entry__creator", "creator")


@admin.register(RaceProof)
class RaceProofAdmin(Looking):
    list_display = ("race", "same", "differences", "made_by", "made_at")
    list_select_related = ("race", "made_by")


@admin.register(RaceScreen)
class RaceScreenAdmin(Looking):
    list_display = ("race", "store", "created_by", "created_at", "revoked_at")
    list_select_related = ("race", "store", "created_by")
    exclude = ("token_digest",)


@admin.register(Reward)
class RewardAdmin(Looking):
    list_display = ("name", "brand", "kind", "price", "stock", "taken", "state")
    list_select_related = ("brand",)
    list_filter = ("kind", "state")


@admin.register(NoteReview)
class NoteReviewAdmin(Looking):
    list_display = ("post", "counts", "reason", "by", "at")
    list_select_related = ("post", "by")
    list_filter = ("counts",)


@admin.register(Redemption)
class RedemptionAdmin(Looking):
    """The address stays encrypted in the database."""

    list_display = ("pk", "reward", "creator", "points", "state", "created_at")
    list_select_related = ("reward", "creator")
    list_filter = ("state",)
    search_fields = ("=creator__number",)
    exclude = ("address",)


@admin.register(CouponCode)
class CouponCodeAdmin(Looking):
    """Codes stay encrypted in the database."""

    list_display = ("pk", "reward", "redemption")
    list_select_related = ("reward", "redemption")
    exclude = ("code", "digest")


@admin.register(Theme)
class ThemeAdmin(Looking):
    list_display = ("name", "brand", "month", "state", "closed_at")
    list_select_related = ("brand",)
    list_filter = ("state",)


@admin.register(ThemeResult)
class ThemeResultAdmin(Looking):
    list_display = ("theme", "post", "creator", "interactions", "points")
    list_select_related = ("theme", "post", "creator")
    search_fields = ("=creator__number",)


@admin.register(SchemeCheck)
class SchemeCheckAdmin(Looking):
    list_display = ("name", "brand", "kind", "outcome", "rules_version", "checked_by", "checked_at")
    list_select_related = ("brand", "checked_by")
    list_filter = ("kind", "outcome")


@admin.register(ShareCount)
class ShareCountAdmin(Looking):
    list_display = ("brand", "worked_out_at")
    list_select_related = ("brand",)


@admin.register(ShareDay)
class ShareDayAdmin(Looking):
    list_display = ("day", "store", "creator", "orders", "paid", "returned", "commission")
    list_select_related = ("store", "creator")


@admin.register(SharedArticle)
class SharedArticleAdmin(Looking):
    list_display = ("sku", "title", "brand")
    list_select_related = ("brand",)
    search_fields = ("=sku",)


@admin.register(ShareArticleDay)
class ShareArticleDayAdmin(Looking):
    list_display = ("day", "store", "article", "orders", "pieces", "paid", "returned")
    list_select_related = ("store", "article")


@admin.register(ShareLink)
class ShareLinkAdmin(Looking):
    list_display = ("name", "brand", "template", "sku", "first_day", "last_day", "stopped_at")
    list_select_related = ("brand",)


@admin.register(Standing)
class StandingAdmin(Looking):
    list_display = ("name", "brand", "discount_bp", "notes", "orders", "active")
    list_select_related = ("brand",)


@admin.register(StandingMonth)
class StandingMonthAdmin(Looking):
    list_display = ("standing", "creator", "month", "notes", "orders", "met")
    list_select_related = ("standing", "creator")
    list_filter = ("met",)
    search_fields = ("=creator__number",)


@admin.register(Duty)
class DutyAdmin(Looking):
    list_display = ("name", "unit", "points", "state", "created_at")
    list_select_related = ("unit",)
    list_filter = ("state",)


@admin.register(Shift)
class ShiftAdmin(Looking):
    list_display = ("duty", "starts_at", "places", "taken", "called_off_at", "settled_at")
    list_select_related = ("duty",)


@admin.register(ShiftPlace)
class ShiftPlaceAdmin(Looking):
    list_display = ("shift", "creator", "state", "came", "points")
    list_select_related = ("shift", "shift__duty", "creator")
    list_filter = ("state", "came")
    search_fields = ("=creator__number",)


@admin.register(RotaNotice)
class RotaNoticeAdmin(Looking):
    list_display = ("creator", "shift", "kind", "at", "read_at")
    list_select_related = ("creator", "shift", "shift__duty")
    list_filter = ("kind",)
