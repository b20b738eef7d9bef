"""Sample transcripts for the demo, written for it: the states are real, everything that they do here is made up."""
