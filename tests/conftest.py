"""Settings that every test shares."""

from hypothesis import settings

# A busy two-core machine is no reason to fail: examples have no time limit of their own (pytest's applies),
# and a failing one prints the line that replays it.
settings.register_profile("chalkmesh", deadline=None, print_blob=True)
settings.load_profile("chalkmesh")
