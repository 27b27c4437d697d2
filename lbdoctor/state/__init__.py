"""Files of our own: the journal of every write, and the memory of what earlier looks saw."""
