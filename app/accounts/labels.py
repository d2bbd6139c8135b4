"""French names of the roles."""


