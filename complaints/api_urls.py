from rest_framework.routers import SimpleRouter

from .api import ComplaintViewSet, ContactViewSet
from .order_api import WorkOrderViewSet

router = SimpleRouter()
router.register("complaints", ComplaintViewSet, basename="api-complaint")
router.register("contacts", ContactViewSet, basename="api-contact")
router.register("work-orders", WorkOrderViewSet, basename="api-work-order")
urlpatterns = router.urls
