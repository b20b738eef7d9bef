"""Measurements of what the reader and the rules do, against the bench and on made-up load."""
