"""Customers as an asset of the accounts through which the company reaches them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from matrix import holdings
from matrix.choices import Asset
from matrix.holdings import Held


def customers() -> list[Held]:
    """Buyers who can be told apart, where they bought last.

    Who bought from a seller is reached through the seller's private account, and is as safe as the
    safest of these; through none, the customer is the seller's own. Who bought from nobody in
    particular is the store's customer.
    """
    return holdings.held_rows(
        """
        WITH latest AS (
            SELECT DISTINCT ON (brand_id, buyer_key) store_id, seller_id
              FROM customers_order
             WHERE buyer_key IS NOT NULL AND status <> 'closed'
             ORDER BY brand_id, buyer_key, paid_at DESC, id DESC
        ), reached AS (
            SELECT creator_id,
                   CASE WHEN bool_or(ownership = 'company_opened') THEN 'company_opened'
                        WHEN bool_or(ownership = 'employee_authorised') THEN 'employee_authorised'
                        ELSE 'personal' END AS ownership
              FROM matrix_socialaccount
             WHERE domain = 'private' AND state <> 'closed' AND creator_id IS NOT NULL
             GROUP BY 1
        )
        SELECT l.store_id AS unit, '' AS platform,
               CASE WHEN l.seller_id IS NULL THEN 'company_opened'
                    ELSE COALESCE(r.ownership, 'personal') END AS ownership,
               count(*) AS number
          FROM latest l LEFT JOIN reached r ON r.creator_id = l.seller_id
         GROUP BY 1, 2, 3
        """
    )


def register() -> None:
    holdings.register(
        holdings.Source(
            asset=Asset.CUSTOMERS,
            help=_(
                "Buyers who can be told apart, by the private account of whoever they bought from"
                " last; without such an account they are the seller's own."
            ),
            count=customers,
            permission="orders.view",
        )
    )
