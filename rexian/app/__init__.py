"""The command line, the wiring, the supervisor of processes: knows everybody, known by nobody."""
