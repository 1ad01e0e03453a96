from django.urls import path

from . import views
from .views import access, people, settings

app_name = "community"
urlpatterns = [
    path("", views.home, name="home"),
    path("join/", access.join, name="join"),
    path("household/", access.my_household, name="my_household"),
    path("household/<int:pk>/end/", access.end_occupancy, name="end_occupancy"),
    path("settings/company/", settings.company, name="company"),
    path("settings/people/", people.people, name="people"),
    path("settings/people/invite/", people.invite, name="invite"),
    path("settings/people/<int:pk>/", people.person, name="person"),
    path("settings/people/<int:pk>/grant/", people.grant, name="grant"),
    path("settings/people/<int:pk>/end/", people.end, name="end_role"),
    path("settings/people/<int:pk>/reset/", people.ask_reset, name="ask_reset"),
    path("settings/resets/<int:pk>/", people.decide_reset, name="decide_reset"),
    path("settings/invitations/", people.invitations, name="invitations"),
    path("settings/invitations/<int:pk>/revoke/", people.revoke, name="revoke_invitation"),
    path("settings/departments/", settings.departments, name="departments"),
    path("settings/departments/<int:pk>/", settings.department, name="department"),
    path("settings/departments/<int:pk>/head/", settings.name_head, name="name_head"),
    path("settings/departments/<int:pk>/change/", settings.change_department, name="change_department"),
    path("settings/departments/<int:pk>/employees/", settings.add_employee, name="add_employee"),
    path("settings/departments/<int:pk>/close/", settings.close_department, name="close_department"),
    path("settings/employees/<int:pk>/leave/", people.leave, name="leave"),
    path("settings/duty/", settings.duty, name="duty"),
    path("settings/duty/<int:pk>/remove/", settings.remove_shift, name="remove_shift"),
    path("settings/claims/", access.claims, name="claims"),
    path("settings/claims/<int:pk>/", access.decide_claim, name="decide_claim"),
    path("settings/letters/<int:pk>/", access.print_letters, name="print_letters"),
]
