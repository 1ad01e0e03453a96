from rest_framework.routers import SimpleRouter

from .api import AnnouncementViewSet

router = SimpleRouter()
router.register("announcements", AnnouncementViewSet, basename="api-announcement")
urlpatterns = router.urls
