"""The transcoder's screens: queue, decision, undo."""
