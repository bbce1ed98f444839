"""How allauth behaves here: nobody signs up by themselves, HQ makes people."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):
    """TOTP seeds and recovery codes are stored encrypted with the data keys (A8)."""

    def encrypt(self, text: str) -> str:
        from kosops.lib.secrets import encrypt

        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        from kosops.lib.secrets import decrypt

        return decrypt(encrypted_text.encode())
