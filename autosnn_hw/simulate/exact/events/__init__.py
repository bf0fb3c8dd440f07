"""The event path of the exact simulator."""
