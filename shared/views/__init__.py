"""A person's own views of the queue."""
