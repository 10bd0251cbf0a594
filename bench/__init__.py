"""Figures of speed and memory, as ratios within one run: `make bench`. What they mean stands in README.md."""
