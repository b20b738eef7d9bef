"""Dragoman: transcripts in, alerts with the words that prove them out."""
