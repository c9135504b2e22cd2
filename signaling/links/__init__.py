"""The ways between two participants, and the one shape that they have."""
