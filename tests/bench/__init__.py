"""What the release build costs: `make bench` measures it. No test depends on a time."""
