"""How participants find and reach each other: tickets, rooms, signaling, relay, room log, transports and the Python peer."""
