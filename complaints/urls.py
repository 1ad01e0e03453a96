from django.urls import path

from .views import bulk, filing, follow, intake, lists, macros, queue, settings, thread
from .workflow import Verb

app_name = "complaints"

VERBS = {
    "accept": Verb.ACCEPT,
    "hand-over": Verb.HAND_OVER,
    "take": Verb.TAKE,
    "refuse": Verb.REFUSE,
    "answer": Verb.ANSWER,
    "reply": Verb.REPLY,
    "note": Verb.NOTE,
    "wait": Verb.WAIT,
    "defer": Verb.DEFER,
    "resolve": Verb.RESOLVE,
    "confirm": Verb.CONFIRM,
    "half-fix": Verb.HALF_FIX,
    "reopen": Verb.REOPEN,
    "urge": Verb.URGE,
    "rate": Verb.RATE,
    "withdraw": Verb.WITHDRAW,
    "merge": Verb.MERGE,
    "take-over": Verb.TAKE_OVER,
    "skip": Verb.SKIP,
    "recategorise": Verb.RECATEGORISE,
    "lengthen": Verb.LENGTHEN,
    "correct": Verb.CORRECT,
}

urlpatterns = [
    path("complaints/", lists.mine, name="mine"),
    path("complaints/new/", filing.file, name="file"),
    path("complaints/log/", filing.log, name="log"),
    path("complaints/queue/", queue.queue, name="queue"),
    path("complaints/queue/counts/", queue.counts, name="queue_counts"),
    path("complaints/queue/filters/", queue.filters, name="queue_filters"),
    path("complaints/queue/live/", queue.live, name="queue_live"),
    path("complaints/queue/views/", queue.save_view, name="save_view"),
    path("complaints/queue/views/<int:pk>/remove/", queue.remove_view, name="remove_view"),
    path("complaints/queue/skipped/", queue.skipped, name="skipped"),
    path("complaints/bulk/", bulk.preview, name="bulk"),
    path("complaints/bulk/<int:pk>/", bulk.run, name="bulk_run"),
    path("complaints/macros/", macros.macros, name="macros"),
    path("complaints/macros/<int:pk>/retire/", macros.retire, name="retire_macro"),
    path("complaints/intake/", intake.intake, name="intake"),
    path("complaints/intake/callers/", intake.callers, name="callers"),
    path("complaints/intake/caller/", intake.caller, name="caller"),
    path("complaints/intake/<str:number>/", intake.done, name="intake_done"),
    path("complaints/take-next/", queue.take_next, name="take_next"),
    path("complaints/skip-next/", queue.skip_next, name="skip_next"),
    path("complaints/<str:number>/", thread.detail, name="detail"),
    path("complaints/<str:number>/macros/", macros.for_complaint, name="macros_for"),
    path("complaints/<str:number>/verdict/", thread.verdict, name="verdict"),
    path("complaints/<str:number>/receipt/", filing.receipt, name="receipt"),
    *(path(f"complaints/<str:number>/{slug}/", thread.act, {"verb": verb}, name=verb.value) for slug, verb in VERBS.items()),
    path("follow/", follow.follow, name="follow"),
    path("follow/act/", follow.act_by_code, name="follow_act"),
    path("settings/clocks/", settings.clocks, name="clocks"),
    path("settings/categories/", settings.category_list, name="categories"),
]
