"""Which instances exist and how to reach them: the store, the secrets, the discovery."""
