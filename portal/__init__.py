"""The application people open: accounts, rosters, schedules, lessons, playback, reports, the command line and the supervisor."""
