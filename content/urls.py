from django.urls import URLPattern, URLResolver, path

from content import link_pages, pages, review_pages

app_name = "content"
urlpatterns: list[URLPattern | URLResolver] = [
    path("posts/", pages.post_list, name="posts"),
    path("posts/<int:pk>/", pages.post, name="post"),
    path("posts/links/", link_pages.link_list, name="links"),
    path("posts/reviews/", review_pages.review_list, name="reviews"),
    path("posts/<int:pk>/review/", review_pages.review, name="review"),
    path("posts/<int:pk>/location/", pages.post_location, name="post_location"),
    path("posts/links/of-account/<int:pk>/", link_pages.link_add, name="link_add"),
    path("posts/links/<int:pk>/", link_pages.link, name="link"),
    path("posts/links/<int:pk>/link/", link_pages.link_to_post, name="link_to_post"),
    path("posts/links/<int:pk>/refuse/", link_pages.refuse, name="link_refuse"),
    path("posts/of-creator/<int:pk>/", pages.creator_posts, name="creator_posts"),
    path("posts/of-unit/<int:pk>/", pages.unit_posts, name="unit_posts"),
    path("posts/of-community/<int:pk>/", pages.community_posts, name="community_posts"),
]
