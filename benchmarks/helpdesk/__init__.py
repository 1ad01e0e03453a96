"""django-helpdesk on the same machine: a process, packages, settings and a database of its own."""
