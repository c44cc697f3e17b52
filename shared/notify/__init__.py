"""Who hears what, and the clock that speaks up when nobody does anything."""
