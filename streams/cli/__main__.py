"""`python -m streams.cli` is `dragoman`, also where the script is not on the path."""

from streams.cli.main import main

main()
