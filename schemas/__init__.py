"""Contracts: whatever crosses a process boundary, as frozen models."""
