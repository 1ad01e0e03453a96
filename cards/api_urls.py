from rest_framework.routers import SimpleRouter

from .api import BulletinViewSet, CardViewSet, RoundViewSet

router = SimpleRouter()
router.register("rounds", RoundViewSet, basename="api-round")
router.register("bulletins", BulletinViewSet, basename="api-bulletin")
router.register("cards", CardViewSet, basename="api-card")
urlpatterns = router.urls
