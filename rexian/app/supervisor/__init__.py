"""The supervisor: starts the processes in order, watches them, brings back what dies."""
