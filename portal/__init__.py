"""The application people open: accounts, lessons, playback, reports; with the command line and the supervisor."""
