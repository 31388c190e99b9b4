"""The Asterisk Manager Interface: its bytes (pure) and a Twisted client."""
