"""Who did what, when and from where, written down for good: `await audit.note(...)`. Never an order's story."""

from shared.audit.operations import came_from, note

__all__ = ["came_from", "note"]
