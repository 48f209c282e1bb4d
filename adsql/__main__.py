"""`python -m adsql` is the command line."""

from adsql.cli import main

main()
