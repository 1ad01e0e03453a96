from rest_framework.routers import SimpleRouter

from .api import BillViewSet, PaymentViewSet, SheetViewSet, SurveyViewSet

router = SimpleRouter()
router.register("bills", BillViewSet, basename="bills")
router.register("payments", PaymentViewSet, basename="payments")
router.register("surveys", SurveyViewSet, basename="surveys")
router.register("sheets", SheetViewSet, basename="sheets")
urlpatterns = router.urls
