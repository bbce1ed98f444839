"""kosops: the programme system for a brand's store staff (KOS) and customers (KOC)."""

from kosops.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
