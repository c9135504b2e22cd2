"""Seeded fuzz of everything that takes bytes from strangers. `make fuzz CASES=1000000` is the long run."""
