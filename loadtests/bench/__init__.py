"""`make bench-relay`: the relay beside y-websocket, Hocuspocus and pycrdt-websocket, on the same work in one run."""
