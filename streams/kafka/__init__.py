"""The broker room: records in, records out, and a real Kafka on this machine. No decision is made here."""
