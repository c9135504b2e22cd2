"""Recorders in a load test: who tells them what to record, and whether their archives hold all of it."""
