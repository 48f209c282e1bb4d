"""Who callers are: users, passwords, access tokens, sessions that refresh them, and API keys."""
