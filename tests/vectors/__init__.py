"""Golden vectors that the Python core and its TypeScript twin both read."""
