from django.urls import path

from .views import agreements, books, residents

app_name = "billing"
urlpatterns = [
    path("", residents.home, name="home"),
    path("history/", residents.history, name="history"),
    path("bills/<str:reference>/", residents.bill, name="bill"),
    path("bills/<str:reference>/pdf/", residents.bill_pdf, name="bill_pdf"),
    path("bills/<str:reference>/correct/", books.correct, name="correct"),
    path("receipts/<str:reference>/", residents.receipt, name="receipt"),
    path("receipts/<str:reference>/pdf/", residents.receipt_pdf, name="receipt_pdf"),
    path("receipts/<str:reference>/reverse/", books.reverse, name="reverse"),
    path("sheets/<int:survey>/<int:household>/", residents.sheet, name="sheet"),
    path("results/", residents.results, name="results"),
    path("results/<slug:community>/<str:quarter>/", residents.result, name="result"),
    path("runs/", books.runs, name="runs"),
    path("runs/<int:pk>/", books.run, name="run"),
    path("arrears/", books.arrears_by_age, name="arrears"),
    path("payments/", books.payments, name="payments"),
    path("credit-notes/", books.notes, name="notes"),
    path("counter/", books.counter, name="counter"),
    path("counter/<int:household>/<int:payer>/", books.customer, name="customer"),
    path("counter/<int:household>/<int:payer>/refund/", books.refund, name="refund"),
    path("trial-balance/", books.balance, name="balance"),
    path("income/", books.income, name="income"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/<int:pk>/", agreements.agreement, name="agreement"),
    path("agreements/<int:pk>/sign/", agreements.sign, name="sign"),
    path("agreements/<slug:community>/propose/", agreements.propose, name="propose"),
]
