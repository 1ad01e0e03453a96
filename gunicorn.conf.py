"""Read by gunicorn when it starts in this folder; addresses, workers and files are given on its command line."""

logger_class = "cards.access_log.AccessLog"
