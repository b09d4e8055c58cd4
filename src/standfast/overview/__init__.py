"""How the fleet stands, as the daemons' status files tell it: what the command line and the web both show."""
