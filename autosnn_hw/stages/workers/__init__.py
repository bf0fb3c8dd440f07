"""Where the work of a run is done: processes of this machine, or others that hold none of its files."""
