from django.urls import path

from accounts import pages, saved_view_pages

app_name = "accounts"
urlpatterns = [
    path("find/", pages.find, name="find"),
    path("stay/", pages.stay, name="stay"),
    path("views/", saved_view_pages.views, name="views"),
    path("views/save/", saved_view_pages.view_save, name="view_save"),
    path("views/<int:view_id>/remove/", saved_view_pages.view_remove, name="view_remove"),
    path("jobs/", pages.jobs, name="jobs"),
    path("jobs/<int:job_id>/", pages.job, name="job"),
    path("jobs/<int:job_id>/file/", pages.job_file, name="job_file"),
    path("jobs/<int:job_id>/cancel/", pages.job_cancel, name="job_cancel"),
    path("activity/", pages.activity_log, name="activity"),
    path("settings/people/", pages.people, name="people"),
    path("settings/people/add/", pages.person_add, name="person_add"),
    path("settings/people/<int:person_id>/", pages.person, name="person"),
    path("settings/people/<int:person_id>/roles/", pages.role_give, name="role_give"),
    path(
        "settings/people/<int:person_id>/roles/<int:grant_id>/end/", pages.role_end, name="role_end"
    ),
    path("settings/people/<int:person_id>/access/", pages.person_access, name="person_access"),
    path("settings/api-keys/", pages.api_keys, name="api_keys"),
    path("settings/api-keys/add/", pages.api_key_add, name="api_key_add"),
    path("settings/api-keys/<int:key_id>/revoke/", pages.api_key_revoke, name="api_key_revoke"),
    path("preferences/", pages.preferences, name="preferences"),
]
