from rest_framework.routers import SimpleRouter

from .api import CommunityViewSet, EmployeeViewSet, HouseholdViewSet

router = SimpleRouter()
router.register("communities", CommunityViewSet, basename="api-community")
router.register("households", HouseholdViewSet, basename="api-household")
router.register("employees", EmployeeViewSet, basename="api-employee")
urlpatterns = router.urls
