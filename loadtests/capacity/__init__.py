"""What the service stands on this machine: scenarios that must hold, and what rooms and boards cost as they grow."""
