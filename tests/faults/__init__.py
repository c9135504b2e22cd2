"""Faults done to real processes and real files: a small seeded slice in `make test`, all of it in `make faults`."""
