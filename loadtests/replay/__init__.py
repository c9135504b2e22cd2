"""A recorded lesson's edits played back as load, at any speed and as many times at once as one likes."""
