"""Files kept in the database in pieces: prepared by jobs, or received for one."""
