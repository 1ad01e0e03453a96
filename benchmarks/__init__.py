"""Figures as ratios: every benchmark measures its floor or its peer in the same run."""
