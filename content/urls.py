from django.urls import URLPattern, URLResolver, path

from content import pages

app_name = "content"
urlpatterns: list[URLPattern | URLResolver] = [
    path("posts/", pages.post_list, name="posts"),
    path("posts/<int:pk>/", pages.post, name="post"),
    path("posts/of-creator/<int:pk>/", pages.creator_posts, name="creator_posts"),
]
