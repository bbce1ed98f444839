"""What the figures of tiers, commission and payouts mean."""

from django.utils.translation import gettext_lazy as _

COMMISSION = {
    "earned": _("Commission credited in the month, before anything is taken back."),
    "clawed_back": _("Commission taken back because customers returned what they had bought."),
    "rewards": _("Rewards for posts and tasks, less those taken back."),
    "prizes": _("Prizes of races, less those taken back."),
    "adjustments": _("Corrections by hand, each made by one person and approved by another."),
    "written_off": _("Debt that is no longer owed back, decided by two people."),
    "owed_back": _(
        "More was taken back than was owed. It is netted from the next months and never collected."
    ),
    "tax_withheld": _("Tax kept back from what was paid out; it goes to the tax office."),
    "held": _(
        "Commission of orders that can still be returned. It becomes payable when that time is over."
    ),
    "held_before": _("What was held at the end of the month before."),
    "paid_out": _("What was sent to the account during the month."),
    "payable": _(
        "Commission that is no longer held, with what was left from months before and less what was paid."
    ),
    "carried": _("What was still owed back at the end of the month before."),
    "to_pay": _("Sum of all statements of the month that are payable and above zero."),
    "statement_people": _("People who get a statement for the month."),
    "base_rate": _("What was paid for the article less refunds, times the rate of the plan."),
    "commission": _("Base times rate, rounded down to the cent, within the cap of the plan."),
    "line_amount": _("What this line adds to the month; a line below zero takes commission back."),
    "rate": _("Share of the base that the person in this role earns."),
    "pot_share": _("Parts that the person has in the store’s pot; equal parts give equal amounts."),
    "run_orders": _("Orders that this run looked at because something about them had changed."),
    "run_lines": _("Lines of commission that this run posted."),
}

PAYOUTS = {
    "batch_payouts": _("People paid by this batch."),
    "batch_sum": _("What goes to the accounts: all payouts of the batch after tax."),
    "payout_amount": _("What goes to this person's account: payable less tax withheld."),
    "payout_gross": _("What the statement says is payable, at most what the books owe today."),
    "payout_tax": _("Labour remuneration tax withheld from a KOC; staff are taxed by payroll."),
    "payee_ready": _(
        "Whether the next batch would pay this person: adult, identity checked, account with "
        "consent, not just changed, not held. Staff need the account only."
    ),
    "clearing_books": _("Payouts that our books have as paid on the day."),
    "clearing_statement": _("Transfers of the day on the statement of the bank or provider."),
    "clearing_difference": _("Books less statement; anything but zero has to be cleared."),
    "difference_ours": _("The amount of our payout."),
    "difference_theirs": _("The amount on the statement of the bank or provider."),
}

BOOKS = {
    "correction_amount": _(
        "What the person is owed more once it is booked; below zero it is taken away."
    ),
    "sealed_journals": _("Journals that were written on that day."),
    "stated": _("As the partner counted it for the day."),
    "ledger_accounts": _("Accounts of this kind; there is one for each person where it matters."),
    "ledger_balance": _("Debit less credit. All balances together are zero."),
}

DRY_RUNS = {
    "dry_live": _(
        "Commission that is posted for the orders of these months, steps and limits of"
        " the months included."
    ),
    "dry_cost": _("Commission if this plan had been in force on all days of these months."),
    "dry_change": _("Cost by this plan less what is posted; below zero it would have cost less."),
    "dry_people": _("People to whom something is posted, or would be by this plan."),
    "dry_more": _("People whose sum over all these months would be higher."),
    "dry_less": _("People whose sum over all these months would be lower."),
}

POINTS_TEXTS = {
    "points_outstanding": _(
        "Points that people have and that have not expired: to spend and held."
    ),
    "points_held": _("Points that become free when the days of the rule have passed."),
    "points_earned": _(
        "Points booked in the month for posts, tiers, themes and by hand, less what was taken back."
    ),
    "points_spent": _("Points spent in the month, less those that came back."),
    "points_expired": _("Points that nobody spent before their last day, in the month."),
    "points_spendable": _("Points that can be spent today."),
    "points_expiring": _("Points that expire within 30 days unless they are spent."),
    "points_by_hand": _("Points that a colleague gave or took with a reason."),
    "redemption_points": _("What the person paid for it; it comes back when it is cancelled."),
    "reward_left": _("Pieces or codes that nobody has taken yet."),
    "reward_taken": _("Pieces or codes that are gone; cancelled ones are not counted."),
    "reward_price": _("Points that one piece costs."),
    "standing_having": _("People who may buy at this price in this month."),
    "standing_without": _("People for whom it is and who did not do the work of last month."),
    "theme_step": _("Points that one post earns whose interactions reach this step."),
    "theme_posts": _("Posts that earn this step, of each person the best ones."),
    "theme_points": _("Posts times points."),
    "theme_interactions": _("Likes, saves and comments as they were known at the cut-off."),
    "points_change": _(
        "What one entry of the books added to the points of the person, or took away."
    ),
    "points_rule": _("Points that one event brings, within the caps."),
}

TIERS = {
    "tier_evaluated": _("People whose posts were held against the rules."),
    "tier_risen": _("People who reached a higher tier."),
    "tier_fallen": _("People who fell after their time of grace had passed."),
    "tier_at_risk": _(
        "People who no longer keep their tier and fall when their time of grace ends."
    ),
    "tier_recovered": _("People who were at risk and keep their tier again."),
    "tier_now": _("People at this tier today."),
    "tier_present": _("Where people would stand if the present rules were applied today."),
    "tier_tried": _("Where people would stand if the rules tried here were applied today."),
}

REWARDS = {
    "reward_value": _(
        "What the steps of the rule look at. For notes: likes, saves and comments up to the last day"
        " that counts, without those after a boost. Unknown figures are not counted as 0."
    ),
    "reward_earned": _("The step that was reached, within the limits of the rule."),
    "reward_released": _(
        "What may be paid, or spent where it is points: the check is over and what was done still"
        " stands."
    ),
    "reward_held": _("Earned and not yet payable."),
    "boost_budget": _("What may be spent on traffic for notes in this month."),
    "boost_left": _("The budget less what is spent and what is approved and not yet spent."),
}
