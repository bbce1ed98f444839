"""What the matrix keeps; each module holds the models of one concept."""

from matrix.models.accounts import Pairing, SocialAccount
from matrix.models.communities import Community, CommunityMember
from matrix.models.custody import AccountEvent, Custody, Evidence
from matrix.models.duplicates import DistinctPair
from matrix.models.figures import AssetFigures, ChangedUnit, UnitFigures
from matrix.models.handover import CustomerTransfer, Handover, HandoverItem, TransferBatch
from matrix.models.help_requests import HelpRequest
from matrix.models.layers import LayerThresholds
from matrix.models.people import Creator
from matrix.models.personas import Persona, ProfileCheck
from matrix.models.platform_rules import PlatformRule
from matrix.models.platforms import BrandPlatform, BrandTrade, PlatformField
from matrix.models.purchases import MemberKey, PurchaseProof, Receipt
from matrix.models.recruiting import (
    Application,
    ApplicationAccount,
    ConsentText,
    DoorCount,
    Mark,
    Notice,
    Recruitment,
    RecruitmentChannel,
    RecruitmentField,
    Trial,
)
from matrix.models.share_codes import GivenCode
from matrix.models.staff_reports import StaffReport

__all__ = [
    "AccountEvent",
    "Application",
    "ApplicationAccount",
    "AssetFigures",
    "BrandPlatform",
    "BrandTrade",
    "ChangedUnit",
    "Community",
    "CommunityMember",
    "ConsentText",
    "Creator",
    "Custody",
    "CustomerTransfer",
    "DistinctPair",
    "DoorCount",
    "Evidence",
    "GivenCode",
    "Handover",
    "HandoverItem",
    "HelpRequest",
    "LayerThresholds",
    "Mark",
    "MemberKey",
    "Notice",
    "Pairing",
    "Persona",
    "PlatformField",
    "PlatformRule",
    "ProfileCheck",
    "PurchaseProof",
    "Receipt",
    "Recruitment",
    "RecruitmentChannel",
    "RecruitmentField",
    "SocialAccount",
    "StaffReport",
    "TransferBatch",
    "Trial",
    "UnitFigures",
]
