"""What the harness and the platform cost, as ratios: `python -m tests.bench`, or `make bench`."""
