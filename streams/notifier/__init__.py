"""Delivering: alerts to webhooks, mail and chat, each when its subscription wants it."""
