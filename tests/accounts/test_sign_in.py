"""Signing in: locks that shut out nobody else, a second factor, and proofs that are fresh."""

import datetime as dt
import time
from types import SimpleNamespace

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import sign_in as sign_in_rules
from accounts.choices import Role
from accounts.models import ApiKey, Person
from accounts.sign_in import MAX_CODE_FAILURES
from kosops.settings import base
from tests.cast import Cast, cast, person

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
HALF_MINUTE = 59_000_000
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def clean_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def still_clock(monkeypatch):
    """The half minute of a code does not end in the middle of a slow test."""
    now = time.time()
    monkeypatch.setattr(sign_in_rules, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([HALF_MINUTE]))


@pytest.fixture
def chengye() -> Cast:
    return cast()


@pytest.fixture
def chen(chengye: Cast) -> Person:
    return person("chen", (Role.FINANCE, chengye.brand))


def sign_in(browser: Client, name: str, password: str = PASSWORD, **headers: str):
    return browser.post(
        "/account/login/", {"login": name, "password": password}, headers=headers or None
    )


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def set_up_second_factor(someone: Person) -> None:
    TOTP.activate(someone, SECRET)
    RecoveryCodes.activate(someone)


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, HALF_MINUTE))


def wrong_code() -> str:
    return "000001" if code_now() == "000000" else "000000"


def recovery_codes(someone: Person) -> list[str]:
    return Authenticator.objects.get(user=someone, type="recovery_codes").wrap().get_unused_codes()


# -- passwords -----------------------------------------------------------------


def test_signing_in_by_username_in_any_case(chen: Person) -> None:
    browser = Client()
    assert sign_in(browser, "Chen").status_code == 302
    assert is_in(browser)


def test_signing_in_renews_the_session(chen: Person) -> None:
    """A7: no fixation."""
    browser = Client()
    browser.get("/account/login/")
    browser.session["planted"] = 1
    before = browser.session.session_key
    sign_in(browser, "chen")
    assert browser.session.session_key != before


@pytest.mark.parametrize("name", ["chen", "nobody"])
def test_a_wrong_password_says_the_same_for_anybody(chen: Person, name: str) -> None:
    answer = sign_in(Client(), name, "wrong")
    assert answer.status_code == 200
    assert "not correct" in answer.content.decode()


def test_an_inactive_person_cannot_sign_in(chen: Person) -> None:
    Person.objects.update(is_active=False)
    browser = Client()
    sign_in(browser, "chen")
    assert not is_in(browser)


def test_nobody_signs_up_by_themselves(chen: Person) -> None:
    browser = Client()
    form = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    answer = browser.post("/account/signup/", form)
    assert "signup_closed.html" in str([template.name for template in answer.templates])
    assert Person.objects.count() == 1


@pytest.mark.parametrize("weak", ["short-pw", "password1234", "123456789012", "chen-chen-chen"])
def test_weak_passwords_are_refused(chen: Person, weak: str) -> None:
    browser = Client()
    browser.force_login(chen)
    form = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert browser.post("/account/password/change/", form).status_code == 200
    assert Person.objects.get().check_password(PASSWORD)


def test_passwords_are_hashed_with_argon2_in_production() -> None:
    assert base.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert base.SECOND_FACTOR_REQUIRED is True


# -- locks (A5) ----------------------------------------------------------------


@pytest.fixture
def with_locks(settings):
    settings.AXES_ENABLED = True
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "1000/m/ip"}


def guess(browser: Client, name: str, times: int):
    answer = None
    for _try in range(times):
        answer = sign_in(browser, name, "wrong")
    return answer


def from_address(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


def test_wrong_passwords_lock_the_name_for_that_address_only(with_locks, chen: Person) -> None:
    attacker, colleague = from_address("203.0.113.9"), from_address("203.0.113.10")
    locked = guess(attacker, "chen", 9)
    assert locked.status_code == 429
    assert "Sign-in paused" in locked.content.decode()
    assert sign_in(attacker, "chen").status_code == 429
    assert not is_in(attacker)
    sign_in(colleague, "chen")
    assert is_in(colleague)


def test_the_case_of_a_name_gives_no_more_guesses(with_locks, chen: Person) -> None:
    attacker = from_address("203.0.113.9")
    for name in ("chen", "CHEN", "Chen", "cHen", "chEn", "cheN", "CHen", " chen"):
        guess(attacker, name, 1)
    assert sign_in(attacker, "chen").status_code == 429


def test_others_at_the_same_address_sign_in(with_locks, chengye: Cast, chen: Person) -> None:
    person("zhao", (Role.FINANCE, chengye.brand))
    guess(from_address("203.0.113.9"), "chen", 9)
    neighbour = from_address("203.0.113.9")
    sign_in(neighbour, "zhao")
    assert is_in(neighbour)


def test_a_spoofed_address_does_not_escape_the_lock(with_locks, chen: Person) -> None:
    for number in range(9):
        sign_in(
            from_address("203.0.113.9"), "chen", "wrong", **{"X-Forwarded-For": f"10.0.0.{number}"}
        )
    spoofed = {"X-Forwarded-For": "198.51.100.1"}
    assert sign_in(from_address("203.0.113.9"), "chen", **spoofed).status_code == 429


def test_a_right_password_forgives_the_wrong_ones_before(with_locks, chen: Person) -> None:
    browser = from_address("203.0.113.9")
    for _round in range(3):
        guess(browser, "chen", 5)
        sign_in(browser, "chen")
        assert is_in(browser)
        browser.post("/account/logout/")


def test_spraying_many_names_from_one_address_is_slowed(settings, chen: Person) -> None:
    settings.AXES_ENABLED = True
    attacker = from_address("203.0.113.9")
    for number in range(20):
        sign_in(attacker, f"guess{number}", "wrong")
    refused = sign_in(attacker, "chen")
    assert not is_in(attacker)
    assert "Too many" in refused.content.decode()


# -- second factor (A6) --------------------------------------------------------


def test_with_a_second_factor_the_password_alone_opens_nothing(chen: Person) -> None:
    set_up_second_factor(chen)
    browser = Client()
    answer = sign_in(browser, "chen")
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert not is_in(browser)
    assert browser.get("/jobs/").status_code == 302
    answer = browser.post("/account/2fa/authenticate/", {"code": code_now()})
    assert answer.status_code == 302
    assert is_in(browser)


def test_a_code_is_good_once(chen: Person) -> None:
    set_up_second_factor(chen)
    code = code_now()
    first, second = Client(), Client()
    for browser in (first, second):
        cache.clear()  # which also stands for a cache that is away
        sign_in(browser, "chen")
        browser.post("/account/2fa/authenticate/", {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_a_recovery_code_is_good_once(chen: Person) -> None:
    set_up_second_factor(chen)
    code = recovery_codes(chen)[0]
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser, "chen")
        browser.post("/account/2fa/authenticate/", {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_wrong_codes_lock_the_second_factor_for_a_while(chen: Person) -> None:
    set_up_second_factor(chen)
    browser = Client()
    sign_in(browser, "chen")
    for _try in range(MAX_CODE_FAILURES):
        browser.post("/account/2fa/authenticate/", {"code": wrong_code()})
    answer = browser.post("/account/2fa/authenticate/", {"code": code_now()})
    assert "Too many wrong codes" in answer.content.decode()
    assert not is_in(browser)
    Person.objects.update(code_locked_until=timezone.now() - dt.timedelta(seconds=1))
    browser.post("/account/2fa/authenticate/", {"code": code_now()})
    assert is_in(browser)
    assert Person.objects.get().code_failures == 0


def test_secrets_of_the_second_factor_are_stored_encrypted(chen: Person) -> None:
    """A8."""
    set_up_second_factor(chen)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in stored
    assert stored.count("gAAAA") >= 2


def test_a_new_password_does_not_skip_the_second_factor(chengye: Cast, chen: Person) -> None:
    from accounts.people import make_password_link

    lin = person("lin", (Role.OPERATOR, chengye.brand))
    set_up_second_factor(chen)
    browser = Client()
    page = browser.get(make_password_link(by=lin, person=chen), follow=True)
    chosen = {"password1": "staple copper lantern", "password2": "staple copper lantern"}
    browser.post(page.request["PATH_INFO"], chosen)
    assert not is_in(browser)
    sign_in(browser, "chen", "staple copper lantern")
    assert not is_in(browser)


def test_hq_must_set_up_a_second_factor_first(settings, chengye: Cast, chen: Person) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    browser = Client()
    browser.force_login(chen)
    assert browser.get("/jobs/")["Location"] == "/account/2fa/totp/activate/"
    fragment = browser.get("/jobs/", headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == "/account/2fa/totp/activate/"
    assert browser.get("/account/2fa/").status_code == 200
    set_up_second_factor(chen)
    assert browser.get("/jobs/").status_code == 200
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    staff = Client()
    staff.force_login(he)
    assert staff.get("/jobs/").status_code == 200


# -- fresh proof ---------------------------------------------------------------

NEW_KEY = {"name": "Shop", "scopes": ["orders:read"]}


def make_key(browser: Client, chengye: Cast):
    return browser.post("/settings/api-keys/add/", NEW_KEY | {"unit": chengye.brand.pk})


def age_proofs(browser: Client, seconds: int) -> None:
    session = browser.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [
        record | {"at": record["at"] - seconds} for record in records
    ]
    session.save()


@pytest.fixture
def lin(chengye: Cast) -> Person:
    return person("lin", (Role.OPERATOR, chengye.brand))


def test_a_fresh_sign_in_is_proof_enough(chengye: Cast, lin: Person) -> None:
    browser = Client()
    sign_in(browser, "lin")
    assert make_key(browser, chengye).status_code == 200
    assert ApiKey.objects.count() == 1


def test_an_old_sign_in_is_asked_again_and_the_act_goes_on(chengye: Cast, lin: Person) -> None:
    browser = Client()
    sign_in(browser, "lin")
    age_proofs(browser, 301)
    answer = make_key(browser, chengye)
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert not ApiKey.objects.exists()
    wrong = browser.post(answer["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    assert not ApiKey.objects.exists()
    resumed = browser.post(answer["Location"], {"password": PASSWORD})
    assert ApiKey.objects.count() == 1
    assert b"kos_live_" in resumed.content


def test_who_has_a_second_factor_confirms_with_that(chengye: Cast, lin: Person) -> None:
    set_up_second_factor(lin)
    browser = Client()
    sign_in(browser, "lin")
    browser.post("/account/2fa/authenticate/", {"code": recovery_codes(lin)[0]})
    assert is_in(browser)
    age_proofs(browser, 301)
    answer = make_key(browser, chengye)
    assert answer["Location"].startswith("/account/2fa/reauthenticate/")
    by_password = browser.post(
        "/account/reauthenticate/?next=/settings/api-keys/add/", {"password": PASSWORD}
    )
    assert by_password["Location"].startswith("/account/2fa/reauthenticate/")
    assert make_key(browser, chengye).status_code == 302
    browser.post(answer["Location"], {"code": code_now()})
    assert ApiKey.objects.count() == 1


def test_a_proof_of_somebody_else_does_not_count(chengye: Cast, lin: Person, chen: Person) -> None:
    browser = Client()
    browser.force_login(lin)
    assert make_key(browser, chengye)["Location"].startswith("/account/reauthenticate/")


# -- sessions ------------------------------------------------------------------


def test_the_session_table_does_not_hold_what_the_cookie_says(chen: Person) -> None:
    """A8."""
    browser = Client()
    sign_in(browser, "chen")
    stored = set(Session.objects.values_list("session_key", flat=True))
    cookie = browser.cookies["session"].value
    assert cookie not in stored
    thief = Client()
    thief.cookies["session"] = stored.pop()
    assert thief.get("/jobs/").status_code == 302
    browser.post("/account/logout/")
    assert not is_in(browser)
    browser.cookies["session"] = cookie
    assert browser.get("/jobs/").status_code == 302


def let_pass(browser: Client, hours: float) -> None:
    """Make the session as old as if it had begun, and been proved, hours earlier."""
    session = browser.session
    session["signed_in_at"] -= hours * 3600
    for proof in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        proof["at"] -= hours * 3600
    session.save()


def test_hq_signs_in_daily_and_staff_weekly(chengye: Cast, chen: Person) -> None:
    person("he", (Role.KOS, chengye.jingan))
    for name, hours, lasts in (("chen", 11, True), ("chen", 13, False), ("he", 6 * 24, True)):
        browser = Client()
        sign_in(browser, name)
        let_pass(browser, hours)
        browser.get("/")
        assert is_in(browser) is lasts, (name, hours)
    assert base.SESSION_COOKIE_AGE == 7 * 24 * 3600


def test_a_page_knows_when_the_session_ends_and_a_proof_prolongs_it(chen: Person) -> None:
    browser = Client()
    sign_in(browser, "chen")
    let_pass(browser, 11.95)
    page = browser.get("/jobs/")
    ends = page.wsgi_request.session_ends
    assert dt.timedelta(0) < ends - timezone.now() < dt.timedelta(minutes=5)
    assert f'data-kos-ends="{int(ends.timestamp())}"' in page.content.decode()
    asked = browser.get("/stay/")
    assert asked["Location"].startswith("/account/reauthenticate/")
    shown = browser.post(asked["Location"], {"password": PASSWORD}, follow=True)
    assert "You stay signed in" in shown.content.decode()
    let_pass(browser, 11.95)
    assert browser.get("/jobs/").status_code == 200


def test_a_wrong_proof_prolongs_nothing(chen: Person) -> None:
    browser = Client()
    sign_in(browser, "chen")
    let_pass(browser, 11.95)
    browser.post(browser.get("/stay/")["Location"], {"password": "wrong"})
    let_pass(browser, 0.1)
    assert browser.get("/jobs/").status_code == 302


def test_phone_pages_say_nothing_of_a_session_that_lasts_for_days(chengye: Cast) -> None:
    person("he", (Role.KOS, chengye.jingan))
    browser = Client()
    sign_in(browser, "he")
    page = browser.get("/m/", follow=True)
    assert page.wsgi_request.session_ends is None


def test_an_ended_session_sends_the_whole_page_to_sign_in(chen: Person) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/jobs/7/"}
    answer = Client().get("/jobs/", headers=headers)
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/account/login/?next=%2Fjobs%2F7%2F"


def test_pages_of_a_person_are_kept_by_no_cache(chen: Person) -> None:
    browser = Client()
    assert "no-store" not in browser.get("/jobs/").get("Cache-Control", "")
    browser.force_login(chen)
    assert "no-store" in browser.get("/jobs/")["Cache-Control"]


def test_the_admin_has_no_door_of_its_own(chen: Person) -> None:
    """A15: the admin's sign-in form would pass by the second factor."""
    answer = Client().get("/admin/login/?next=/admin/")
    assert answer["Location"].startswith("/account/login/?next=")
    admin = person("admin", is_staff=True, is_superuser=True)
    assert "login" in Client().get("/admin/")["Location"]
    browser = Client()
    browser.force_login(chen)
    assert browser.get("/admin/login/").status_code == 403
    browser.force_login(admin)
    assert browser.get("/admin/").status_code == 200


def test_every_sign_in_page_has_our_frame(chen: Person) -> None:
    browser = Client()
    for path in ("login", "password/reset", "password/reset/done", "password/reset/key/done"):
        assert b"kosops/css/tokens.css" in browser.get(f"/account/{path}/").content, path
    assert b"no longer works" in browser.get("/account/password/reset/key/1-wrong/").content
    set_up_second_factor(chen)
    browser.force_login(chen)
    for path in ("password/change", "2fa", "2fa/recovery-codes", "email", "reauthenticate"):
        assert b"kosops/css/tokens.css" in browser.get(f"/account/{path}/", follow=True).content, (
            path
        )
