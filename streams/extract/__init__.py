"""Reading: text in; segments, mentions, entities, events and agreements out. Pure: no broker, no clock, no chance."""
