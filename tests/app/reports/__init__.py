"""Tests of the report of a catalogue."""
