"""What the events of a complaint are called where they stand as evidence in a case."""

from django.utils.translation import gettext_lazy as _

EVIDENCE = {
    "complaint.received": _("Received"),
    "complaint.accepted": _("Accepted"),
    "complaint.handed_over": _("Offered to somebody else"),
    "complaint.taken": _("Taken"),
    "complaint.refused": _("Refused"),
    "complaint.taken_over": _("Taken over by the service centre"),
    "complaint.handler_left": _("Given on, as its handler left"),
    "complaint.answered": _("Answered"),
    "complaint.replied": _("Message to the asker"),
    "complaint.waiting": _("Waited for the asker"),
    "complaint.deferred": _("Put off"),
    "complaint.resumed": _("Went on"),
    "complaint.resolved": _("Said to be put right"),
    "complaint.confirmed": _("Confirmed by the asker"),
    "complaint.closed": _("Closed after silence"),
    "complaint.reopened": _("The asker says it is not fixed"),
    "complaint.half_fixed": _("The asker says it is half fixed"),
    "complaint.urged": _("Urged by the asker"),
    "complaint.asker_replied": _("The asker wrote"),
    "complaint.withdrawn": _("Withdrawn by the asker"),
    "complaint.merged": _("Put together with another one"),
    "complaint.gathered": _("Put together with another one"),
    "complaint.merged_on": _("Put together with another one"),
    "complaint.recategorised": _("Category or urgency changed"),
    "complaint.lengthened": _("More time allowed"),
    "complaint.told_first": _("The asker says whom he asked first and whether he was helped"),
    "complaint.called_back": _("The service centre called back"),
    "complaint.escalated": _("A promised time was running out or over, and the next person was told"),
}
