from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader


def test_migrations_of_every_app_are_one_line():
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    ours = {app.label for app in apps.get_app_configs() if str(app.path).startswith(str(settings.BASE_DIR))}
    ours -= {label for label in ours if "site-packages" in str(apps.get_app_config(label).path)}
    for label in ours:
        nodes = [key for key in graph.nodes if key[0] == label]
        if not nodes:
            continue
        assert len(graph.leaf_nodes(label)) == 1, graph.leaf_nodes(label)
        for key in nodes:
            before = [parent.key for parent in graph.node_map[key].parents if parent.key[0] == label]
            assert len(before) <= 1, key
        numbers = sorted(name[:4] for _app, name in nodes)
        assert numbers == [f"{number:04}" for number in range(1, len(nodes) + 1)], numbers
