"""Pictures in SVG: maps and timelines."""
