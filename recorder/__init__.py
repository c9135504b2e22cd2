"""The headless peer that turns a lesson into an archive: encoded media in; raster, render, captions and verification out."""
