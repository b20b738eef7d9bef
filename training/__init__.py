"""Scripts that write what the reader ships: tables of names and trained models."""
