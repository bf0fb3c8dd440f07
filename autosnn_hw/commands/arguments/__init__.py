"""Options, quantities and network files on the command line, shared by several verbs."""
