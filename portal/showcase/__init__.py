"""What the demonstration shows without anybody at the board: a finished lesson, and bots that draw."""
