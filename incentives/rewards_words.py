"""Reward rules and rewards in whole sentences, in the reader's language."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from incentives import points_rules, rewards_coupons, rewards_rule, rewards_sources, tier_words
from incentives.models import RewardItem, RewardRule
from incentives.rewards_choices import Standing
from incentives.rewards_rule import Terms
from kosops.ui import formats
from kosops.ui.parts import CalcRow
from matrix.choices import CreatorKind
from matrix.models.platforms import label_of
from matrix.tier_steps import Whose


def source_name(code: str) -> str:
    return str(rewards_sources.source_of(code).label)


def value_name(code: str) -> str:
    return str(rewards_sources.source_of(code).value_label)


def amount(value: int, *, in_points: bool = False, coupon: str = "") -> str:
    """An amount as the rule pays it: money, points, or so many of what ``coupon`` names."""
    if coupon:
        return f"{coupon} × {formats.number(value)}"
    if not in_points:
        return formats.money(value)
    text = ngettext("%(count)s point", "%(count)s points", abs(value))
    return text % {"count": formats.number(value)}


def amount_of(item: RewardItem, value: int) -> str:
    return amount(value, in_points=item.rule.in_points, coupon=coupon_name(item.rule))


def coupon_name(rule: RewardRule) -> str:
    """What a rule in coupons hands out; empty for others."""
    return rule.coupon.name if rule.coupon else ""


def step_sentences(terms: Terms, coupon: str = "") -> list[str]:
    """What each step pays; ``coupon`` names what a rule in coupons hands out."""
    name = value_name(terms.source)
    found = []
    for step in terms.steps:
        facts = {
            "amount": amount(step.amount, in_points=terms.in_points, coupon=coupon),
            "count": formats.number(step.at_least),
            "what": name,
        }
        text = (
            _("%(what)s from %(count)s: %(amount)s") if step.at_least else _("As such: %(amount)s")
        )
        found.append(text % facts)
    return found


def steps_sentence(rule: RewardRule) -> str:
    """What a rule pays, in one line."""
    terms = rewards_rule.terms_from_json(rule.terms)
    return " · ".join(step_sentences(terms, coupon_name(rule)))


def day_sentences(terms: Terms, coupon: str = "") -> list[str]:
    """When it counts, when it is paid, how long it can be taken back, what limits it."""
    source = rewards_sources.source_of(terms.source)
    found = [
        _check_sentence(terms) % {"days": formats.number(terms.check_days)},
        _watch_sentence(source, terms.watch_days) % {"days": formats.number(terms.watch_days)},
    ]
    if source.of_posts:
        found.append(
            ngettext(
                "Figures count for %(days)s day; those of a boost do not count",
                "Figures count for %(days)s days; those of a boost do not count",
                terms.count_days,
            )
            % {"days": formats.number(terms.count_days)}
        )
    if terms.points_months is not None:
        found.append(
            ngettext(
                "Points live to the end of the month, %(months)s month later",
                "Points live to the end of the month, %(months)s months later",
                terms.points_months,
            )
            % {"months": formats.number(terms.points_months)}
        )
    return found + _limit_sentences(terms, coupon)


def _limit_sentences(terms: Terms, coupon: str) -> list[str]:
    found = []
    if terms.cap_person is not None:
        most = amount(terms.cap_person, in_points=terms.in_points, coupon=coupon)
        found.append(_("At most %(amount)s a person and month") % {"amount": most})
    if terms.budget is not None:
        text = _("Budget %(amount)s") % {"amount": amount(terms.budget, in_points=terms.in_points)}
        found.append(text)
    if terms.in_coupons:
        cost = {"cost": formats.money(terms.coupon_cost or 0)}
        found.append(_("Each costs %(cost)s of the budget") % cost)
    return found


def _check_sentence(terms: Terms) -> str:
    if terms.in_points:
        return ngettext(
            "Free %(days)s day later, if it still stands then",
            "Free %(days)s days later, if it still stands then",
            terms.check_days,
        )
    if terms.in_coupons:
        return ngettext(
            "Handed out %(days)s day later, if it still stands then",
            "Handed out %(days)s days later, if it still stands then",
            terms.check_days,
        )
    return ngettext(
        "Payable %(days)s day later, if it still stands then",
        "Payable %(days)s days later, if it still stands then",
        terms.check_days,
    )


def _watch_sentence(source: rewards_sources.Source, days: int) -> str:
    if source.gone == "gone":
        return ngettext(
            "Taken back if it is removed within %(days)s day",
            "Taken back if it is removed within %(days)s days",
            days,
        )
    return ngettext(
        "Worked out again for %(days)s day, as after a refund",
        "Worked out again for %(days)s days, as after a refund",
        days,
    )


def condition_sentences(terms: Terms, brand: int) -> list[str]:
    """For whom and what it holds; nothing when for everybody."""
    found = []
    if terms.kinds:
        kinds = ", ".join(str(CreatorKind(kind).label) for kind in terms.kinds)
        found.append(_("Only %(kinds)s") % {"kinds": kinds})
    if terms.tiers:
        whose = Whose(brand, terms.kinds[0]) if len(terms.kinds) == 1 else None
        names = ", ".join(tier_words.tier_name(tier, whose) for tier in terms.tiers)
        found.append(_("Tier %(tiers)s") % {"tiers": names})
    if terms.platforms:
        names = ", ".join(str(label_of(brand, code)) for code in terms.platforms)
        found.append(_("On %(platforms)s") % {"platforms": names})
    if terms.followers_from is not None:
        count = formats.number(terms.followers_from)
        found.append(_("From %(count)s followers") % {"count": count})
    if terms.followers_to is not None:
        count = formats.number(terms.followers_to)
        found.append(_("Up to %(count)s followers") % {"count": count})
    if terms.handed_in:
        found.append(_("Its link was handed in and recognised"))
    return found


def standing_sentence(item: RewardItem) -> str:
    """Where a reward stands and, if nothing is paid yet, why."""
    terms = rewards_rule.terms_from_json(item.rule.terms)
    following = rewards_rule.next_step(item.value, terms)
    facts = {
        "value": formats.number(item.value or 0),
        "what": value_name(item.rule.source),
        "day": formats.day(item.done_on + dt.timedelta(days=terms.check_days), get_language()),
        "needed": formats.number(following.at_least if following else 0),
        "earned": amount_of(item, item.earned),
        "reason": item.stopped_reason,
    }
    payable = {
        Standing.PAYABLE: _("%(earned)s is payable."),
        Standing.WAITING: _("%(earned)s is held until %(day)s; payable if it still stands then."),
    }
    free = {
        Standing.PAYABLE: _("%(earned)s are free to spend."),
        Standing.WAITING: _("%(earned)s are held until %(day)s; free if it still stands then."),
    }
    in_coupons = {
        Standing.PAYABLE: _("%(earned)s: handed out."),
        Standing.WAITING: _("%(earned)s: held until %(day)s; handed out if it still stands then."),
    }
    if waits := waiting_of(item):
        facts["waits"] = formats.number(waits)
        # What is there was handed out; the rest is not lost.
        short = _(
            "%(earned)s: %(waits)s waits, since none is left; handed out as soon as one comes."
        )
        return short % facts
    paid = free if terms.in_points else in_coupons if terms.in_coupons else payable
    texts = paid | {
        Standing.BELOW: _("%(what)s: %(value)s; %(needed)s are needed."),
        Standing.UNKNOWN: _("Not all figures have come in yet; unknown is not counted as 0."),
        Standing.HIDDEN: _("%(earned)s is held while the note is hidden."),
        Standing.IN_REVIEW: _("%(earned)s is held until a second person has reviewed the note."),
        Standing.PROBLEM: _(
            "%(earned)s is held: the review of the note found a problem, which is to be corrected first."
        ),
        Standing.REMOVED: _("The note is no longer there, so the reward is taken back."),
        Standing.STOPPED: _("Stopped by hand: %(reason)s"),
        Standing.FLAGGED: _(
            "%(earned)s is held: the figures rose at once, a person looks at them."
        ),
        Standing.CAP_PERSON: _("%(earned)s: the limit of the person’s month is reached."),
        Standing.CAP_BUDGET: _("%(earned)s: the budget of the rule is used up."),
    }
    return texts[Standing(item.standing)] % facts


def waiting_of(item: RewardItem) -> int:
    """How many pieces of a reward wait for stock."""
    if not item.rule.in_coupons or not item.released:
        return 0
    return max(0, item.released - rewards_coupons.given_of(item))


def next_sentence(item: RewardItem) -> str:
    """What the next step would pay; empty at the top and where nothing counts any more."""
    terms = rewards_rule.terms_from_json(item.rule.terms)
    following = rewards_rule.next_step(item.value, terms)
    if following is None or item.standing in (Standing.REMOVED, Standing.STOPPED):
        return ""
    return _("%(what)s from %(count)s: %(amount)s") % {
        "what": value_name(item.rule.source),
        "count": formats.number(following.at_least),
        "amount": amount_of(item, following.amount),
    }


def calculation(item: RewardItem) -> list[CalcRow]:
    """From the fact to the amount, row by row."""
    terms = rewards_rule.terms_from_json(item.rule.terms)
    step = rewards_rule.step_reached(item.value, terms)
    unknown = item.value is None
    rows = [
        CalcRow(
            label=value_name(item.rule.source),
            how=_("Likes, saves and comments; shares do not count") if item.post_id else "",
            value=_("not in yet") if unknown else formats.number(item.value or 0),
        ),
        CalcRow(
            label=_("Step reached"),
            how=_("From %(count)s") % {"count": formats.number(step.at_least)} if step else "",
            value=amount_of(item, step.amount if step else 0),
        ),
        CalcRow(label=pgettext("reward", "Earned"), value=amount_of(item, item.earned), kind="sum"),
        *_paid_rows(item, terms),
    ]
    if held := item.earned - item.released:
        rows.append(CalcRow(label=_("of it held"), value=amount_of(item, held)))
    if item.rule.in_points and item.earned:
        rows.append(CalcRow(label=_("they live until"), value=_last_day(item, terms)))
    return rows


def _paid_rows(item: RewardItem, terms: Terms) -> list[CalcRow]:
    """What of it the person has, and of coupons what they have to wait for."""
    if not terms.in_coupons:
        label = _("of it free to spend") if terms.in_points else _("of it payable")
        return [CalcRow(label=label, value=amount_of(item, item.released))]
    waits = waiting_of(item)
    rows = [
        CalcRow(label=_("of it handed out"), value=amount_of(item, item.released - waits)),
    ]
    if waits:
        rows.append(CalcRow(label=_("of it waiting for stock"), value=amount_of(item, waits)))
    return rows


def _last_day(item: RewardItem, terms: Terms) -> str:
    last = points_rules.expiry_day(item.done_on, terms.points_months or 0)
    return formats.day(last, get_language())


def period(rule: RewardRule) -> str:
    first = formats.day(rule.period.lower, get_language())
    if rule.last_day is None:
        return _("from %(first)s") % {"first": first}
    last = formats.day(rule.last_day, get_language())
    return _("%(first)s to %(last)s") % {"first": first, "last": last}
