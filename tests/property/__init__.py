"""Properties that hold for any run: every failure prints the seed that repeats it."""
