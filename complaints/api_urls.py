from rest_framework.routers import SimpleRouter

from .api import ComplaintViewSet, ContactViewSet

router = SimpleRouter()
router.register("complaints", ComplaintViewSet, basename="api-complaint")
router.register("contacts", ContactViewSet, basename="api-contact")
urlpatterns = router.urls
