"""The headless peer that turns a lesson into an archive.

Encoded media in; raster, render, captions and verification out.
"""
