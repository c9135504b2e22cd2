"""Who a load test is made of: bots in asyncio child processes, driven from locust."""
