"""``python -m lbdoctor``."""

from lbdoctor.cli.main import run

if __name__ == "__main__":
    run()
