"""Set-up of an empty clone, run by the system python3 before anything is installed: stdlib only."""
