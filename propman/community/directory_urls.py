from django.urls import path

from .views import directory, imports

app_name = "directory"
urlpatterns = [
    path("", directory.communities, name="communities"),
    path("new/", directory.open_community, name="open_community"),
    path("staff/import/", imports.upload_staff, name="upload_staff"),
    path("imports/<int:pk>/", imports.detail, name="import"),
    path("imports/<int:pk>/confirm/", imports.confirm, name="confirm_import"),
    path("imports/<int:pk>/discard/", imports.discard, name="discard_import"),
    path("imports/<int:pk>/undo/", imports.undo, name="undo_import"),
    path("<slug:address>/", directory.rooms, name="rooms"),
    path("<slug:address>/export.<str:kind>", directory.export_rooms, name="export_rooms"),
    path("<slug:address>/import/", imports.upload_rooms, name="upload_rooms"),
    path("<slug:address>/change/", directory.change_community, name="change_community"),
    path("<slug:address>/buildings/new/", directory.add_building, name="add_building"),
    path("<slug:address>/entrances/new/", directory.add_entrance, name="add_entrance"),
    path("<slug:address>/rooms/new/", directory.add_room, name="add_room"),
    path("<slug:address>/rooms/<int:pk>/", directory.room, name="room"),
    path("<slug:address>/rooms/<int:pk>/change/", directory.change_room, name="change_room"),
    path("<slug:address>/rooms/<int:pk>/move-in/", directory.move_in, name="move_in"),
    path("<slug:address>/rooms/<int:pk>/move-out/<int:occupancy>/", directory.move_out, name="move_out"),
    path("<slug:address>/people/", directory.people, name="people"),
    path("<slug:address>/people/<int:pk>/", directory.change_person, name="change_person"),
    path("<slug:address>/committee/", directory.committee, name="committee"),
    path("<slug:address>/committee/join/", directory.join_committee, name="join_committee"),
    path("<slug:address>/committee/leave/<int:pk>/", directory.leave_committee, name="leave_committee"),
    path("<slug:address>/committee/end/", directory.end_committee, name="end_committee"),
]
