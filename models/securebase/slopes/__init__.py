"""Effects that differ between people: slopes of what was observed at each occasion."""
