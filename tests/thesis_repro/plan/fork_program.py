"""What jobs of `test_forks.py` run: their argument, as code."""


def run(arguments):
    exec(arguments[0], {})
