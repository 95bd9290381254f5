"""`python -m unit_economics`: the command line where its script is not on the path."""

from unit_economics.cli import main

if __name__ == "__main__":
    main()
