"""A cache that may be away: pages go on without it."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class RedisCache(DjangoRedisCache):
    """Django's Redis cache, except that an unreachable server counts as an empty cache.

    Rate limits that count here then do not count; the sign-in's own counter is in PostgreSQL.
    """

    def or_else(self, answer: Any, name: str, *args: Any, **options: Any) -> Any:
        """Call Django's method of that name; ``answer`` stands in when Redis is away."""
        try:
            return getattr(super(), name)(*args, **options)
        except (RedisError, OSError) as error:
            logger.warning("The cache is away: %s", type(error).__name__)
            return answer

    def add(self, *args: Any, **options: Any) -> bool:
        return bool(self.or_else(True, "add", *args, **options))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self.or_else(default, "get", key, default, version)

    def set(self, *args: Any, **options: Any) -> None:
        self.or_else(None, "set", *args, **options)

    def touch(self, *args: Any, **options: Any) -> bool:
        return bool(self.or_else(False, "touch", *args, **options))

    def delete(self, *args: Any, **options: Any) -> bool:
        return bool(self.or_else(False, "delete", *args, **options))

    def has_key(self, *args: Any, **options: Any) -> bool:
        return bool(self.or_else(False, "has_key", *args, **options))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(self.or_else(delta, "incr", key, delta, version))

    def get_many(self, *args: Any, **options: Any) -> dict[Any, Any]:
        return dict(self.or_else({}, "get_many", *args, **options))

    def set_many(self, *args: Any, **options: Any) -> list[Any]:
        return list(self.or_else([], "set_many", *args, **options))

    def delete_many(self, *args: Any, **options: Any) -> None:
        self.or_else(None, "delete_many", *args, **options)
