"""The portal under many people at once: a district of 20,000 students, the lists of lessons, and a large roster."""
