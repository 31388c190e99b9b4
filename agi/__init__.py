"""The door for telephones: the FastAGI listener and the classic one-call-one-process script."""
