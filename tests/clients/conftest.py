"""These are programs of an environment of their own, and no tests."""

collect_ignore_glob = ["*.py"]
