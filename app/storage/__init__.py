"""Files kept in the database in pieces, prepared by jobs for a download or received for one."""
