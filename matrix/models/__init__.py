"""What the matrix keeps; each module holds the models of one concept."""

from matrix.models.accounts import Pairing, SocialAccount
from matrix.models.people import Creator

__all__ = ["Creator", "Pairing", "SocialAccount"]
