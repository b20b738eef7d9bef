"""HTTP: transcripts in, alerts out, health and metrics."""
