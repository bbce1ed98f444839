"""Encryption of stored secrets and blind indexes of identifiers, with rotating keys."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(text: str) -> bytes:
    """Encrypt with the first of ``DATA_KEYS``; older keys only decrypt."""
    return _fernet().encrypt(text.encode())


def decrypt(token: bytes | memoryview) -> str:
    return _fernet().decrypt(bytes(token)).decode()


def blind_index(kind: str, value: str) -> bytes:
    """A keyed digest by which equal identifiers are found without being stored in clear.

    The last of ``DATA_KEYS`` is used, so that adding a new first key does not change the index.
    """
    key = settings.DATA_KEYS[-1].encode()
    return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).digest()


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in settings.DATA_KEYS])


def _fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"kosops.data:{key}".encode()).digest())
