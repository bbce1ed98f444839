"""Recruiting in the admin: to look at, never to change; phones and addresses stay encrypted."""

from django.contrib import admin

from accounts.admin_base import Looking
from matrix.models import (
    Application,
    ApplicationAccount,
    ConsentText,
    DoorCount,
    Mark,
    Notice,
    Recruitment,
    RecruitmentChannel,
    RecruitmentField,
    Trial,
)


@admin.register(Recruitment)
class RecruitmentAdmin(Looking):
    list_display = ("name", "unit", "purpose", "mode", "places", "state", "opens_on", "closes_on")
    list_select_related = ("unit",)
    list_filter = ("state", "purpose")


@admin.register(ConsentText)
class ConsentTextAdmin(Looking):
    list_display = ("recruitment", "version", "created_at")
    list_select_related = ("recruitment",)


@admin.register(RecruitmentField)
class RecruitmentFieldAdmin(Looking):
    list_display = ("label", "recruitment", "kind", "required", "retired")
    list_select_related = ("recruitment",)


@admin.register(RecruitmentChannel)
class RecruitmentChannelAdmin(Looking):
    list_display = ("name", "recruitment", "kind", "active")
    list_select_related = ("recruitment",)


@admin.register(Application)
class ApplicationAdmin(Looking):
    list_display = ("__str__", "recruitment", "unit", "stage", "score", "route", "applied_at")
    list_select_related = ("recruitment", "unit")
    list_filter = ("stage", "route")
    exclude = ("phone", "phone_key", "email", "status_token", "status_key")


@admin.register(ApplicationAccount)
class ApplicationAccountAdmin(Looking):
    list_display = ("handle", "platform", "followers", "application")
    list_select_related = ("application",)


@admin.register(Mark)
class MarkAdmin(Looking):
    list_display = ("application", "reviewer", "mark", "at")
    list_select_related = ("application", "reviewer")


@admin.register(Trial)
class TrialAdmin(Looking):
    list_display = ("application", "state", "sent_on", "received_on", "due_on")
    list_select_related = ("application",)
    list_filter = ("state",)
    exclude = ("address",)


@admin.register(Notice)
class NoticeAdmin(Looking):
    list_display = ("application", "kind", "at", "mail", "exported_at")
    list_select_related = ("application",)
    list_filter = ("kind", "mail")


@admin.register(DoorCount)
class DoorCountAdmin(Looking):
    list_display = ("since", "count")
