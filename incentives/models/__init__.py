"""What incentives keeps: tiers, commission, the books, settlement and payouts by concept."""

from incentives.models.benefits import Benefit, TierCertificate
from incentives.models.books import Journal, LedgerAccount, Posting
from incentives.models.corrections import Correction
from incentives.models.disputes import Dispute
from incentives.models.dry_runs import DryRun, DryRunPerson
from incentives.models.months import ChangedMonth, MonthLine
from incentives.models.note_reviews import NoteReview
from incentives.models.own_orders import OwnOrder
from incentives.models.payees import Payee, PayeeNotice, PayoutHold
from incentives.models.payout_rules import PayoutPolicy, TaxPolicy
from incentives.models.payouts import Approval, Payout, PayoutBatch, PayoutDestination
from incentives.models.perks import CouponCode, Redemption, Reward
from incentives.models.places import OwnBuyer, StaffPlace
from incentives.models.plans import PlanBand, PlanMargin, PlanRate, PlanVersion
from incentives.models.points import PointGrant, PointLine, PointRule, PointRun
from incentives.models.proofs import ControlTotal, DayDigest, ProofRun
from incentives.models.provider import ProviderEntry
from incentives.models.races import (
    Race,
    RaceAward,
    RaceDispute,
    RaceEntry,
    RaceFormula,
    RaceProof,
    RaceScreen,
    RaceStanding,
)
from incentives.models.rewards import (
    Boost,
    BoostBudget,
    RewardItem,
    RewardLine,
    RewardRule,
    RewardRun,
)
from incentives.models.rota import Duty, RotaNotice, Shift, ShiftPlace
from incentives.models.runs import CommissionLine, CommissionRun, PendingRelease, ReleaseLine
from incentives.models.scheme_checks import SchemeCheck
from incentives.models.settlement import Settlement, Statement
from incentives.models.share_days import ShareArticleDay, ShareCount, SharedArticle, ShareDay
from incentives.models.sharing import ShareLink
from incentives.models.standing import Standing, StandingMonth
from incentives.models.themes import Theme, ThemeResult
from incentives.models.tiers import (
    LadderVersion,
    TierChange,
    TierNotice,
    TierPin,
    TierProposal,
    TierRisk,
    TierRun,
)

__all__ = [
    "Approval",
    "Benefit",
    "Boost",
    "BoostBudget",
    "ChangedMonth",
    "CommissionLine",
    "CommissionRun",
    "ControlTotal",
    "Correction",
    "CouponCode",
    "DayDigest",
    "Dispute",
    "DryRun",
    "DryRunPerson",
    "Duty",
    "Journal",
    "LadderVersion",
    "LedgerAccount",
    "MonthLine",
    "NoteReview",
    "OwnBuyer",
    "OwnOrder",
    "Payee",
    "PayeeNotice",
    "Payout",
    "PayoutBatch",
    "PayoutDestination",
    "PayoutHold",
    "PayoutPolicy",
    "PendingRelease",
    "PlanBand",
    "PlanMargin",
    "PlanRate",
    "PlanVersion",
    "PointGrant",
    "PointLine",
    "PointRule",
    "PointRun",
    "Posting",
    "ProofRun",
    "ProviderEntry",
    "Race",
    "RaceAward",
    "RaceDispute",
    "RaceEntry",
    "RaceFormula",
    "RaceProof",
    "RaceScreen",
    "RaceStanding",
    "Redemption",
    "ReleaseLine",
    "Reward",
    "RewardItem",
    "RewardLine",
    "RewardRule",
    "RewardRun",
    "RotaNotice",
    "SchemeCheck",
    "Settlement",
    "ShareArticleDay",
    "ShareCount",
    "ShareDay",
    "ShareLink",
    "SharedArticle",
    "Shift",
    "ShiftPlace",
    "StaffPlace",
    "Standing",
    "StandingMonth",
    "Statement",
    "TaxPolicy",
    "Theme",
    "ThemeResult",
    "TierCertificate",
    "TierChange",
    "TierNotice",
    "TierPin",
    "TierProposal",
    "TierRisk",
    "TierRun",
]
