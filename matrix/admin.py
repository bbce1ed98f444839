"""Creators and their accounts, for superusers who repair something."""

from django.contrib import admin

from accounts.admin_base import Looking, Repairing
from matrix import recruiting_admin  # noqa: F401 - registers
from matrix.models import (
    AccountEvent,
    AssetFigures,
    BrandPlatform,
    BrandTrade,
    ChangedUnit,
    Community,
    CommunityMember,
    Creator,
    Custody,
    CustomerTransfer,
    DistinctPair,
    Evidence,
    GivenCode,
    Handover,
    HandoverItem,
    HelpRequest,
    LayerThresholds,
    MemberKey,
    Pairing,
    Persona,
    PlatformRule,
    ProfileCheck,
    PurchaseProof,
    Receipt,
    SocialAccount,
    StaffReport,
    TransferBatch,
    UnitFigures,
)


@admin.register(Creator)
class CreatorAdmin(Repairing):
    """Tiers are decided by the tier runs and only shown here."""

    list_display = ("number", "name", "kind", "koc_kind", "store", "state", "tier")
    list_select_related = ("store",)
    list_filter = ("kind", "koc_kind", "state", "tier")
    search_fields = ("number", "name", "share_code")
    raw_id_fields = ("brand", "store", "person")
    readonly_fields = ("tier", "tier_since", "share_code_until")


@admin.register(SocialAccount)
class SocialAccountAdmin(Repairing):
    list_display = ("handle", "platform", "domain", "ownership", "unit", "creator", "state")
    list_select_related = ("unit", "creator")
    list_filter = ("platform", "domain", "ownership", "state")
    search_fields = ("handle", "platform_uid")
    raw_id_fields = ("brand", "unit", "creator")
    readonly_fields = ("closed_why", "closed_on")


@admin.register(GivenCode)
class GivenCodeAdmin(Looking):
    list_display = ("code", "creator", "brand", "given_at")
    list_select_related = ("creator", "brand")
    search_fields = ("code", "creator__number")


@admin.register(Pairing)
class PairingAdmin(Repairing):
    list_display = ("public_account", "private_account", "since", "until")
    list_select_related = ("public_account", "private_account")
    search_fields = ("public_account__handle", "private_account__handle")
    raw_id_fields = ("public_account", "private_account", "brand_account")

    def unit_of(self, obj):
        return obj.public_account.unit


@admin.register(StaffReport)
class StaffReportAdmin(Looking):
    list_display = ("account", "creator", "period_from", "period_to", "form_leads", "dm_leads")
    list_select_related = ("account", "creator")
    search_fields = ("account__handle", "creator__name")


@admin.register(Persona)
class PersonaAdmin(Looking):
    list_display = ("creator", "name", "position")
    list_select_related = ("creator",)
    search_fields = ("name", "creator__name")


@admin.register(ProfileCheck)
class ProfileCheckAdmin(Looking):
    list_display = ("account", "checked_at", "shown_name", "differences")
    list_select_related = ("account",)
    search_fields = ("account__handle", "shown_name")


@admin.register(LayerThresholds)
class LayerThresholdsAdmin(Looking):
    list_display = ("brand", "changed_at")
    list_select_related = ("brand",)


@admin.register(DistinctPair)
class DistinctPairAdmin(Looking):
    list_display = ("first", "second", "decided_at")
    list_select_related = ("first", "second")


@admin.register(UnitFigures)
class UnitFiguresAdmin(Looking):
    list_display = ("unit", "month", "day", "kos", "koc", "accounts", "needing", "estimated")
    list_select_related = ("unit",)
    raw_id_fields = ("unit",)


@admin.register(AssetFigures)
class AssetFiguresAdmin(Looking):
    list_display = ("unit", "month", "asset", "platform", "ownership", "count")
    list_select_related = ("unit",)
    list_filter = ("asset", "ownership")
    raw_id_fields = ("unit",)


@admin.register(ChangedUnit)
class ChangedUnitAdmin(Looking):
    list_display = ("pk", "unit")
    list_select_related = ("unit",)
    raw_id_fields = ("unit",)


@admin.register(BrandPlatform)
class BrandPlatformAdmin(Looking):
    list_display = ("code", "name", "brand", "domain", "in_use", "order")
    list_select_related = ("brand",)
    search_fields = ("code", "name")


@admin.register(BrandTrade)
class BrandTradeAdmin(Looking):
    list_display = ("brand", "trade", "regulated_from")
    list_select_related = ("brand",)


@admin.register(PlatformRule)
class PlatformRuleAdmin(Looking):
    list_display = ("platform", "kind", "brand", "value", "valid_from", "valid_until")
    list_select_related = ("brand",)
    list_filter = ("kind",)
    search_fields = ("platform", "source")


@admin.register(Community)
class CommunityAdmin(Looking):
    list_display = ("name", "kind", "unit", "host", "opened_on", "closed_on")
    list_select_related = ("unit", "host")
    search_fields = ("name",)


@admin.register(CommunityMember)
class CommunityMemberAdmin(Looking):
    list_display = ("community", "creator", "since", "until")
    list_select_related = ("community", "creator")
    search_fields = ("community__name", "creator__name")


@admin.register(Custody)
class CustodyAdmin(Looking):
    """Without the phone, which nobody reads outside the product's own door."""

    list_display = ("account", "creator", "person", "since", "until", "giver_at", "taker_at")
    list_select_related = ("account", "creator", "person")
    search_fields = ("account__handle", "creator__name")
    exclude = ("phone",)


@admin.register(AccountEvent)
class AccountEventAdmin(Looking):
    list_display = ("account", "kind", "on", "reference", "recorded_by")
    list_select_related = ("account", "recorded_by")
    list_filter = ("kind",)
    search_fields = ("account__handle", "reference")


@admin.register(Evidence)
class EvidenceAdmin(Looking):
    list_display = ("original_name", "kind", "size", "unit", "uploaded_by", "uploaded_at")
    list_select_related = ("unit", "uploaded_by")


@admin.register(MemberKey)
class MemberKeyAdmin(Looking):
    list_display = ("creator", "bought_on")
    list_select_related = ("creator",)
    search_fields = ("creator__name", "creator__number")
    exclude = ("key",)


@admin.register(Receipt)
class ReceiptAdmin(Looking):
    list_display = ("creator", "handed_in_at", "handed_in_by", "waiting")
    list_select_related = ("creator", "handed_in_by")
    search_fields = ("creator__name", "creator__number")


@admin.register(PurchaseProof)
class PurchaseProofAdmin(Looking):
    list_display = ("creator", "verdict", "bought_on", "looked_by", "looked_at")
    list_select_related = ("creator", "looked_by")
    list_filter = ("verdict",)
    search_fields = ("creator__name", "creator__number")


@admin.register(HelpRequest)
class HelpRequestAdmin(Looking):
    list_display = ("creator", "kind", "state", "asked_at", "handed_to", "answered_at")
    list_select_related = ("creator", "handed_to")
    search_fields = ("creator__name", "creator__number")


@admin.register(Handover)
class HandoverAdmin(Looking):
    list_display = ("creator", "reason", "store", "last_day", "state", "opened_at", "closed_at")
    list_select_related = ("creator", "store")
    list_filter = ("reason", "state")
    search_fields = ("creator__name", "creator__number")


@admin.register(HandoverItem)
class HandoverItemAdmin(Looking):
    list_display = ("handover", "part", "label", "path", "taker", "done_at")
    list_select_related = ("handover__creator", "handover", "taker")
    list_filter = ("part", "path")


@admin.register(TransferBatch)
class TransferBatchAdmin(Looking):
    list_display = ("handover", "number", "kind", "taker", "size", "made_at")
    list_select_related = ("handover__creator", "handover", "taker")


@admin.register(CustomerTransfer)
class CustomerTransferAdmin(Looking):
    """Without the customers' ids and names, which are personal."""

    list_display = ("handover", "kind", "taker", "state", "asked_at", "takeover_at")
    list_select_related = ("handover__creator", "handover", "taker")
    list_filter = ("state", "kind")
    exclude = ("external_userid", "name", "remark")
