"""What the cells of the departments mean, by national standard and by observed habit. Pure: text in, `Reading` out; no files, no clock.

Every reader takes the text of one cell as it stood, not empty, and gives back a value that is certain (or None) with the quality codes of
what was found. Another way to write the same thing is style and has no code; damage has one (`bus.quality`).
"""
