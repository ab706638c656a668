"""What scripts/run, scripts/test and scripts/iso share. Python 3 standard library and Debian tools only."""
