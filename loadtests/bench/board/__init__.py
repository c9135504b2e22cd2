"""The board beside Excalidraw in one Chromium: opening, moving, drawing, memory and bytes (`make bench-board`)."""
