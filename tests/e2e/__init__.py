"""The real binary against the embedded AWS: what a user of the product would notice."""
