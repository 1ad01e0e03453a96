from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "propman.community"
