"""Addresses of payees, rules of paying, reconciliation and batches that stopped."""

from django.urls import path

from incentives import payee_pages, payout_pages, payout_rule_pages, reconciliation_pages

urlpatterns = [
    path("payouts/payees/", payee_pages.payee_list, name="payees"),
    path("payouts/payees/<int:creator_id>/", payee_pages.payee_page, name="payee"),
    path(
        "payouts/payees/<int:creator_id>/account/", payee_pages.payee_account, name="payee_account"
    ),
    path(
        "payouts/payees/<int:creator_id>/identity/",
        payee_pages.payee_identity,
        name="payee_identity",
    ),
    path("payouts/payees/<int:creator_id>/hold/", payee_pages.payee_hold, name="payee_hold"),
    path("payouts/holds/<int:hold_id>/lift/", payee_pages.payee_lift, name="payee_lift"),
    path("payouts/payments/<int:payout_id>/", payee_pages.payout_page, name="payout"),
    path(
        "payouts/payments/<int:payout_id>/give-back/",
        payout_pages.payout_give_back,
        name="payout_give_back",
    ),
    path("payouts/<int:batch_id>/resume/", payout_pages.batch_resume, name="payout_batch_resume"),
    path(
        "payouts/<int:batch_id>/silence/", payout_pages.batch_silence, name="payout_batch_silence"
    ),
    path("payouts/rules/", payout_rule_pages.rules, name="payout_rules"),
    path("payouts/rules/save/", payout_rule_pages.rules_save, name="payout_rules_save"),
    path("payouts/rules/tax/", payout_rule_pages.tax_save, name="tax_rules_save"),
    path("payouts/reconciliation/", reconciliation_pages.reconcile, name="reconciliation"),
]
