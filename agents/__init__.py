"""The door for people: the desks of seat, department, centre and supervisor."""
