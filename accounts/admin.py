"""The stock Django admin, for superusers. One signs in by the product's own door."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import people, units
from accounts.admin_base import Looking, Repairing
from accounts.api_keys import revoke_key
from accounts.models import Activity, ApiKey, Grant, Job, KeptAnswer, Person, SavedView, Unit
from kosops.lib.errors import DomainError

# The admin's own form knows neither the second factor nor the locks.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister(Group)


class PersonAddForm(UserCreationForm):
    class Meta:
        model = Person
        fields = ("username", "name")

    def clean_username(self) -> str:
        username = super().clean_username().strip().lower()
        if not people.USERNAME.fullmatch(username):
            raise forms.ValidationError(
                _("Write small letters, digits, dots, hyphens, underscores.")
            )
        return str(username)


class PersonChangeForm(UserChangeForm):
    class Meta:
        model = Person
        fields = "__all__"


@admin.register(Person)
class PersonAdmin(Repairing, UserAdmin):
    """People. Ending access is an action, because it also ends sessions and keys."""

    form = PersonChangeForm
    add_form = PersonAddForm
    list_display = ("username", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("is_active", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("name", "email", "language", "theme")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "password1", "password2")}),)
    actions = ("end_access", "restore_access", "sign_out")

    @admin.action(description=_("End the access: sessions and API keys too"))
    def end_access(self, request: HttpRequest, chosen: Any) -> None:
        for person in chosen.exclude(pk=request.user.pk):
            people.deactivate(by=request.user, person=person)  # type: ignore[arg-type]

    @admin.action(description=_("Let them sign in again"))
    def restore_access(self, request: HttpRequest, chosen: Any) -> None:
        for person in chosen:
            people.reactivate(by=request.user, person=person)  # type: ignore[arg-type]

    @admin.action(description=_("Sign out on every device"))
    def sign_out(self, request: HttpRequest, chosen: Any) -> None:
        for person in chosen:
            people.end_sessions(by=request.user, person=person)  # type: ignore[arg-type]


class UnitForm(forms.ModelForm):
    class Meta:
        model = Unit
        fields = ("parent", "kind", "store_kind", "code", "name", "city", "active")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parent, kind = cleaned.get("parent"), cleaned.get("kind") or self.instance.kind
        try:
            if self.instance.pk is None:
                units.check_parent(kind, parent)
                units.check_code(cleaned.get("code", ""), parent)
            elif parent != Unit.objects.get(pk=self.instance.pk).parent:
                units.check_move(Unit.objects.get(pk=self.instance.pk), parent)
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return cleaned


@admin.register(Unit)
class UnitAdmin(Repairing):
    """Units. A new one is placed, and one with a new parent is moved, by the commands."""

    form = UnitForm
    list_display = ("code", "name", "kind", "store_kind", "parent", "active")
    list_select_related = ("parent",)
    list_filter = ("kind", "store_kind", "active")
    search_fields = ("code", "name")
    ordering = ("path",)
    raw_id_fields = ("parent",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("kind", "code") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            placed = units.add_unit(
                by=request.user,  # type: ignore[arg-type]
                parent=obj.parent,
                **{
                    name: getattr(obj, name)
                    for name in ("kind", "store_kind", "code", "name", "city")
                },
            )
            obj.__dict__.update(placed.__dict__)
            return
        if "parent" in form.changed_data:
            moved = units.move_unit(by=request.user, unit=obj, to=obj.parent)  # type: ignore[arg-type]
            obj.path = moved.path
            form.changed_data.remove("parent")
        super().save_model(request, obj, form, change)

    def unit_of(self, obj: Any) -> Unit | None:
        return obj  # type: ignore[no-any-return]


@admin.register(Grant)
class GrantAdmin(Looking):
    """Roles are given and ended on the people pages, which check what they must."""

    list_display = ("person", "role", "unit", "since", "until")
    list_select_related = ("person", "unit")
    list_filter = ("role",)
    search_fields = ("person__username", "person__name", "unit__code")


@admin.register(ApiKey)
class ApiKeyAdmin(Looking):
    """Keys can be revoked, never read: the digest stays in the database."""

    list_display = (
        "name",
        "prefix",
        "unit",
        "created_by",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_select_related = ("unit", "created_by")
    search_fields = ("name", "prefix")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        for key in chosen:
            revoke_key(by=request.user, key=key)  # type: ignore[arg-type]


@admin.register(Activity)
class ActivityAdmin(Looking):
    list_display = ("at", "actor_label", "verb", "object_type", "object_label", "unit")
    list_select_related = ("unit",)
    search_fields = ("verb", "actor_label", "object_label")


@admin.register(KeptAnswer)
class KeptAnswerAdmin(Looking):
    list_display = ("created_at", "api_key", "key", "status")
    list_select_related = ("api_key",)
    search_fields = ("key", "api_key__prefix")
    exclude = ("fingerprint",)


@admin.register(SavedView)
class SavedViewAdmin(Looking):
    list_display = ("name", "page", "person", "shared_with", "saved_at")
    list_select_related = ("person", "shared_with")
    search_fields = ("name", "person__username")


@admin.register(Job)
class JobAdmin(Looking):
    list_display = ("created_at", "kind", "label", "unit", "state", "done", "total", "attempts")
    list_select_related = ("unit",)
    list_filter = ("state",)
    search_fields = ("kind", "label")
