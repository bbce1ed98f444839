"""Posts as an asset of the accounts that published them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from matrix import holdings
from matrix.choices import Asset
from matrix.holdings import Held


def posts() -> list[Held]:
    """Everything that is still online, where the account stands today."""
    return holdings.held_rows(
        """
        SELECT a.unit_id AS unit, a.platform, a.ownership, sum(p.number)::bigint AS number
          FROM (SELECT account_id, count(*) AS number FROM content_post
                 WHERE state = 'online' GROUP BY 1) AS p
          JOIN matrix_socialaccount a ON a.id = p.account_id
         WHERE a.state <> 'closed' GROUP BY 1, 2, 3
        """
    )


def register() -> None:
    holdings.register(
        holdings.Source(
            asset=Asset.POSTS,
            help=_("Notes and videos that are online, by the ownership of their account."),
            count=posts,
            url_name="content:posts",
            permission="posts.view",
        )
    )
