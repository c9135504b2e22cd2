"""Whole lessons in real Chromium, against the real processes."""
