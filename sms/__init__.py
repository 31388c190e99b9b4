"""Carrier protocols only: codecs (pure), sessions, segmenting."""
