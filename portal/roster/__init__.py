"""Rosters: what a school uploads, what it would change, and applying it."""
