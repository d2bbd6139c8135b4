"""What every command of the command line shares: exit codes, French, `-` for the standard streams."""
