"""The platform's keyring, by the `keyring` library (facts: ngrok-keyring B1 to B4)."""

from __future__ import annotations

from irisops.profiles.secrets import FORGETS


class SystemKeyring:
    """The `keyring` library, imported at the first use (facts: ngrok-keyring B1 to B4)."""

    def problem(self) -> str:
        """See `Keyring.problem`."""
        import keyring  # noqa: PLC0415 - 70 to 160 ms that the start must not pay
        import keyring.backends.fail  # noqa: PLC0415 - not at the start
        import keyring.backends.null  # noqa: PLC0415 - not at the start

        try:
            backend = keyring.get_keyring()
        except Exception as error:  # noqa: BLE001 - a wrong setting raises ModuleNotFoundError, RuntimeError, ...
            return f"the keyring's settings are wrong ({type(error).__name__})"
        if isinstance(backend, keyring.backends.fail.Keyring):
            return "there is no keyring here (usual over SSH and in containers)"
        if isinstance(backend, keyring.backends.null.Keyring):
            return FORGETS
        if "SecretService" in type(backend).__module__:
            return self._secret_service_problem()
        return ""

    def _secret_service_problem(self) -> str:
        """Ask the Secret Service for its state without raising a prompt (facts: ngrok-keyring B3)."""
        import secretstorage  # noqa: PLC0415 - not at the start
        import secretstorage.exceptions  # noqa: PLC0415 - not at the start

        try:
            connection = secretstorage.dbus_init()
        except secretstorage.exceptions.SecretStorageException:
            return "there is no session bus for a keyring"
        try:
            if not secretstorage.check_service_availability(connection):
                return "no keyring service is running"
            try:
                collection = secretstorage.get_collection_by_alias(connection, "default")
            except secretstorage.exceptions.ItemNotFoundException:
                return "no keyring has been created yet"
            return "the keyring is locked" if collection.is_locked() else ""
        finally:
            connection.close()

    def get(self, service: str, account: str) -> str | None:
        """The secret of an account, None if missing."""
        import keyring  # noqa: PLC0415 - not at the start

        return keyring.get_password(service, account)

    def put(self, service: str, account: str, secret: str) -> None:
        """Write a secret."""
        import keyring  # noqa: PLC0415 - not at the start

        keyring.set_password(service, account, secret)

    def delete(self, service: str, account: str) -> None:
        """Remove a secret."""
        import keyring  # noqa: PLC0415 - not at the start

        keyring.delete_password(service, account)
