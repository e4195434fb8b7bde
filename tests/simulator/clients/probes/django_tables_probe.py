"""django-iris: `migrate` of two of Django's own applications, and the ORM on their tables."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from tests.simulator.clients.probes.report import Server, run


def probe(server: Server) -> dict[str, Callable[[], Any]]:
    import_module("django.conf").settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django_iris",
                "NAME": "USER",
                "USER": server.user,
                "PASSWORD": server.password,
                "HOST": "127.0.0.1",
                "PORT": server.port,
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        USE_TZ=False,
    )
    import_module("django").setup()
    call_command: Any = import_module("django.core.management").call_command
    db: Any = import_module("django.db")
    auth: Any = import_module("django.contrib.auth.models")

    def migrate() -> Any:
        call_command("migrate", verbosity=0, interactive=False)
        with db.connection.cursor() as cursor:
            tables = [info.name for info in db.connection.introspection.get_table_list(cursor)]
        return sorted(name for name in tables if name.startswith(("auth_", "django_")))

    def created() -> Any:
        group = auth.Group.objects.create(name="Nurses")
        for name in ("ann", "bob", "cy"):
            auth.User.objects.create_user(name, f"{name}@example.org", "secret").groups.add(group)
        return list(group.user_set.order_by("username").values_list("username", flat=True))

    def queried() -> Any:
        users = auth.User.objects.filter(groups__name="Nurses").exclude(username__startswith="b")
        pages = auth.User.objects.order_by("username")
        return [
            sorted(users.values_list("username", flat=True)),
            [user.username for user in pages[1:2]],
            users.count(),
            auth.Permission.objects.filter(content_type__model="user").count(),
        ]

    def updated() -> Any:
        changed = auth.User.objects.filter(username="ann").update(is_staff=True)
        ann = auth.User.objects.get(username="ann")
        return [changed, ann.is_staff, ann.check_password("secret"), ann.date_joined is not None]

    def rolled_back() -> Any:
        with db.transaction.atomic():
            auth.User.objects.create_user("nobody")
            db.transaction.set_rollback(True)
        return auth.User.objects.filter(username="nobody").count()

    def duplicate() -> Any:
        with db.transaction.atomic():
            auth.User.objects.create_user("ann")

    def deleted() -> Any:
        auth.User.objects.filter(username="bob").delete()
        return [auth.User.objects.count(), auth.Group.objects.get(name="Nurses").user_set.count()]

    def unmigrated() -> Any:
        call_command("migrate", "auth", "zero", verbosity=0, interactive=False)
        with db.connection.cursor() as cursor:
            tables = [info.name for info in db.connection.introspection.get_table_list(cursor)]
        return sorted(name for name in tables if name.startswith("auth_"))

    return {
        "migrate": migrate,
        "created": created,
        "queried": queried,
        "updated": updated,
        "rolled back": rolled_back,
        "duplicate": duplicate,
        "deleted": deleted,
        "unmigrated": unmigrated,
    }


if __name__ == "__main__":
    run(probe)
