"""`make bench-recorder`: our recorder beside aiortc's stock MediaRecorder, fed by the same Chromium in one run."""
