"""How participants find and reach each other: tickets, rooms, relay, room log, transports and the Python peer."""
