"""What the figures of accounts and people mean."""

from django.utils.translation import gettext_lazy as _

RECRUITING = {
    "stage_applied": _("Applications that nobody has looked at closely yet."),
    "stage_screening": _("Applications that somebody looks at more closely."),
    "stage_trial": _("People who were invited: address, product, note. They have not joined yet."),
    "stage_active": _("People who joined, after a colleague had checked who they are."),
    "stage_declined": _("People who were declined, each with a reason that they can read."),
    "over_subscription": _(
        "All applications divided by the places. A report of interest, never a target: nobody is"
        " to be pressed to apply."
    ),
    "places_taken": _("People in the trial or active."),
    "told": _(
        "People who were told a decision: on their private page at once, and by e-mail or in a file"
        " for the SCRM where that was done."
    ),
    "fulfilment": _(
        "Of trials whose day has come or that have ended, how many were handed in. Also a hint how"
        " many more to invite than there are places."
    ),
    "application_score": _(
        "0 to 100 from size of the account, marks of reviewers, orders and activity, by the weights"
        " of the recruitment. What is not known is left out. A pencil marks a reviewer's own."
    ),
    "application_flags": _(
        "What a reviewer should look at: phone, member number and accounts compared with other"
        " applicants and creators. Decides nothing by itself."
    ),
    "application_followers": _("Followers of the largest account named, as the person said."),
    "application_mark": _("Mean of the reviewers' marks for the notes, 1 to 5."),
    "application_orders": _("Orders of the member within a year, as orders know the number."),
    "score_known": _("The fact itself: said by the person, marked by reviewers, or from orders."),
    "score_reached": _("What the fact reaches of 100 points."),
    "score_weight": _("How much the part counts against the others in this recruitment."),
    "recruitment_applications": _("All applications that came in, whatever became of them."),
    "recruitment_waiting": _("Applications that nobody has decided yet."),
    "recruitment_ratio": _("All applications divided by the places; a report, never a target."),
}

MATRIX = {
    "units_brand": _("The brand itself, which stands above all regions and stores."),
    "units_regions": _("Regions that you see."),
    "people_kos": _("Store staff who take part today; candidates and leavers are not counted."),
    "people_koc": _("Customers who take part today; candidates and leavers are not counted."),
    "accounts_of_platform": _("Public accounts on this platform that are not closed."),
    "community_members": _("Creators who are in the community today."),
    "community_posts": _(
        "Posts of the last 30 days by those who are in the community today, wherever they posted."
    ),
    "community_best": _(
        "Likes, saves and comments of the members' best post of the last 30 days; shares are not"
        " counted."
    ),
    "help_order": _(
        "The quality layer comes first, then the higher tier, then whoever has waited longer."
    ),
    "help_waiting": _("Requests that nobody has answered or closed yet."),
    "help_oldest": _("How long the request has waited that waits longest."),
    "help_median": _(
        "Half of the requests of the last 30 days were answered or closed sooner, half later."
    ),
    "help_answered": _("Requests answered or closed in the last 30 days."),
    "platform_accounts": _("Accounts of units and people on the platform that are not closed."),
    "platform_rule_value": _(
        "Accounts of KOS at a time, money a month, or notes of a KOC a month, by the rule. The"
        " number of notes is advice: nothing is blocked by it."
    ),
    "platform_rule_used": _(
        "Quota: public accounts of KOS that the company opened or the employee authorised and that"
        " are not closed. Spend: promotion in the latest staff reports of a month that came in."
    ),
    "platform_rule_left": _(
        "What may still be opened, or must still be spent. From 90 % on a quota is near."
    ),
    "paired": _("Public accounts with a private account that takes over their leads."),
    "need_action": _(
        "Public accounts that are banned, held by someone who left, not paired, or without a post"
        " for 14 days. One account can have several reasons."
    ),
    "recent_posts": _("Notes and videos published in the last 30 days."),
    "best_interactions": _("Likes, saves and comments of the best post; shares are not counted."),
    "last_post": _("Day of the latest note or video that the programme knows of."),
    "own_accounts": _("Accounts of this person on public platforms that are not closed."),
    "koc_programme": _(
        "What a KOC takes part in: seeding is content, distribution is sales of their own."
    ),
    "works_in": _(
        "Where a KOC works: public platforms, the private domain or both. It follows from the accounts"
        " in use, unless somebody said otherwise."
    ),
    "purchase_shown": _(
        "Whether a KOC is known to have bought: an order under the member number, or a receipt that a"
        " colleague has seen. A contracted KOC needs none."
    ),
    "layer": _(
        "How far a person can be relied on, by tasks, posts, interactions and followers. It says"
        " whom to care for first; rights and rates come from the tier."
    ),
    "layer_some": _("From this value on, the axis gives one mark."),
    "layer_much": _("From this value on, the axis gives two marks."),
    "staff_leads": _(
        "Forms handed in and contact data left in messages, as the platform's back office reports"
        " them for the period."
    ),
    "form_leads": _("People who filled in the form of a lead card or of the profile."),
    "dm_leads": _("People who left contact data in a private message."),
    "dm_inbound": _("Private messages that people started with the account."),
    "dm_opened": _("Conversations in which the customer wrote something."),
    "staff_notes": _(
        "Notes that the account published in the period, as the platform counts them."
    ),
    "promotion_spend": _("What the company paid the platform to promote notes of the account."),
    "cost_per_lead": _("Spent on promotion divided by all leads, also those that came without it."),
    "followers": _("Followers when the platform last reported them."),
    "people_of_unit": _("People who take part today; candidates and leavers are not counted."),
    "accounts_of_unit": _(
        "Accounts on Xiaohongshu, Douyin and WeChat Channels that are not closed. Paired ones have"
        " a private account that takes over their leads."
    ),
    "people_of_month": _(
        "People in the programme at the end of the month; this month as of now. Months before the"
        " first count are worked out from the days on which people joined and left."
    ),
    "active_accounts": _("Accounts that published at least one note or video in the month."),
    "followers_of_month": _(
        "Followers of all public accounts when their platform last reported them, at the end of"
        " the month. Nobody knows those of months before the first count."
    ),
    "notes_of_month": _("Notes and videos published in the month."),
    "views_of_month": _("Views so far of the notes published in the month, where they are known."),
    "joined_in_month": _("People who joined the programme in the month; candidates do not count."),
    "left_in_month": _("People who left the programme in the month."),
    "store_rank": _("Place among the open stores of the region by posts in 30 days."),
    "identity_brand": _("Accounts of the brand itself and of its regions."),
    "identity_store": _("Accounts that belong to a store rather than to a person."),
    "identity_employee": _(
        "Numbers that a store runs for its employees (role “Employee number”). Employees who are no"
        " KOS are not listed here, so nobody can say how many lack one."
    ),
    "identity_kos": _("Accounts of store staff in the programme."),
    "identity_koc": _("Accounts of customers in the programme."),
    "grid_covered": _(
        "How many of all current people, open stores or units have at least one such account that"
        " is not closed."
    ),
    "accounts_of_kind": _("Accounts of this kind that are not closed."),
    "units_of_kind": _("Units where at least one account of this kind stands."),
}
