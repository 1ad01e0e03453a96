from django.urls import path

from .views import company, rankings, rows, sheet

app_name = "hr"
urlpatterns = [
    path("", rows.home, name="home"),
    path("sheets/<int:key>/", sheet.sheet, name="sheet"),
    path("sheets/<int:key>/save/", sheet.save_sheet, name="save_sheet"),
    path("sheets/<int:key>/form/", company.form, name="form"),
    path("appraisals/<int:key>/", rows.appraisal, name="appraisal"),
    path("appraisals/<int:key>/agree/", rows.agree, name="agree"),
    path("appraisals/<int:key>/object/", rows.object_to, name="object"),
    path("appraisals/<int:key>/facts/<slug:figure>/", rows.facts, name="facts"),
    path("objections/<int:key>/", rows.objection, name="objection"),
    path("objections/<int:key>/reviewer/", rows.reviewer, name="reviewer"),
    path("board/", company.board, name="board"),
    path("standards/", company.standards, name="standards"),
    path("staff/", company.staff, name="staff"),
    path("staff/spans/<int:key>/end/", company.end_span, name="end_span"),
    path("fairness/", company.outcome_report, name="fairness"),
    path("rankings/", rankings.ranking, name="rankings"),
    path("rankings/export/", rankings.export, name="export"),
    path("rankings/offices/<int:key>/<slug:figure>/", rankings.office_facts, name="office_facts"),
]
