"""The real preflight binary against the embedded AWS: each check in a world where it fails and one where it passes."""
