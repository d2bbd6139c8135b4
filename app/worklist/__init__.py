"""The one queue behind review and approval."""
