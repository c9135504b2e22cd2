"""The pure core: board documents, ink, wire format, envelopes, validation, session state and permissions."""
