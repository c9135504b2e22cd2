"""What a modified client may try, on the real relay and over direct links; docs/threat-model.md is the table."""
