"""Background work. Beat only says "look": what is due stands in the database, and tasks may run twice or not at all."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "propman.settings.production")

app = Celery("propman", task_cls="propman.tenancy.tasks:CompanyTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="jobs")

# The whole timetable. Apps add what is looked at by register_sweep and register_job (propman.tenancy.jobrun).
# A look that waited longer than until the next one is dropped.
app.conf.beat_schedule = {
    "tick": {"task": "propman.ops.tasks.tick", "schedule": 15.0, "options": {"expires": 15}},
    "jobs": {"task": "propman.ops.tasks.run_jobs", "schedule": 60.0, "options": {"expires": 60}},
}
