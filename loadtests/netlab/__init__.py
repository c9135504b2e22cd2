"""Bad lines on one machine: network namespaces, a user-space shaper, a TURN server, and what is measured there."""
