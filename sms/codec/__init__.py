"""Pure codecs: bytes to values and back. Nothing here opens a socket or reads a clock."""
