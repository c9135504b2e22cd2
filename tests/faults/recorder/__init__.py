"""`kill -9` of the recorder, many times (`python -m tests.faults.recorder`); pytest collects nothing here."""
