"""What a program may ask about itself."""

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys import ANY_KEY, needs_scope


@needs_scope(ANY_KEY)
@api_view(["GET"])
def me(request: Request) -> Response:
    """What may this key do, where, and until when."""
    key = request.auth
    return Response(
        {
            "name": key.name,
            "prefix": key.prefix,
            "unit": {"code": key.unit.code, "name": key.unit.name, "kind": key.unit.kind},
            "scopes": key.scopes,
            "expires_at": key.expires_at,
        }
    )
