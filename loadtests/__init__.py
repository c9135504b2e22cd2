"""Load users, WebRTC bots, the network lab and benchmarks."""
