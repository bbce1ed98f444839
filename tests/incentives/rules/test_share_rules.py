"""Which shop addresses may be shared, and what stands in them for a code."""

import pytest

from incentives import share_rules

SHOP = "https://shop.example/p/1?from={code}"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (SHOP, ""),
        ("https://shop.example/{code}", ""),
        ("https://shop.example:8443?from={code}#top", ""),
        ("http://shop.example/{code}", "address_not_https"),
        ("HTTPS://shop.example/{code}", "address_not_https"),
        ("javascript:alert(1)//{code}", "address_not_https"),
        ("data:text/html,{code}", "address_not_https"),
        ("//shop.example/{code}", "address_not_https"),
        ("https://shop.example/", "address_code_once"),
        ("https://shop.example/{code}/{code}", "address_code_once"),
        ("https://shop.example/{code}?a={b}", "address_code_once"),
        ("https://{code}.example/", "address_host"),
        ("https://shop.example@evil.example/{code}", "address_host"),
        ("https://shop/{code}", "address_host"),
        ("https:///x/{code}", "address_host"),
        ("https://[bad/{code}", "address_host"),
        ("https://shop.example:99999/{code}", "address_host"),
        ("https://shop.example/a b/{code}", "address_signs"),
        ("https://shop.example\\@evil.example/{code}", "address_signs"),
        ("https://商城.example/{code}", "address_signs"),
        ('https://shop.example/"><script>{code}', "address_signs"),
        ("https://shop.example/{code}".ljust(300, "x"), ""),
        ("https://shop.example/{code}".ljust(301, "x"), "address_too_long"),
        ("https://shop.example/{code}?a={", "address_code_once"),
        ("https://shop.example/{code}?a=}", "address_code_once"),
        ("https://shop.exampleXXXX/{code}", "address_host"),
        ("https://shop.exampleNone/{code}", "address_host"),
    ],
)
def test_which_addresses_may_be_shared(template: str, why: str) -> None:
    assert share_rules.problem(template) == why


def test_a_code_from_a_file_is_escaped_where_it_stands() -> None:
    assert share_rules.address(SHOP, "K7QM3XWD") == "https://shop.example/p/1?from=K7QM3XWD"
    assert (
        share_rules.address(SHOP, "A&b=/小") == "https://shop.example/p/1?from=A%26b%3D%2F%E5%B0%8F"
    )
    assert share_rules.address(SHOP, "XAX") == "https://shop.example/p/1?from=XAX"
    assert share_rules.host_of("https://shop.example:8443/{code}") == "shop.example:8443"
