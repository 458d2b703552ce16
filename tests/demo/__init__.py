"""The demo: an accepted endpoint gets its private DNS, before a person's eyes. `make demo` runs it."""
