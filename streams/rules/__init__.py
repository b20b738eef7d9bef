"""Judging: rules as data, what they match, and the alerts that follow in event time. Pure."""
