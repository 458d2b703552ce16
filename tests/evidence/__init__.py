"""The validation report: each requirement, the tests that show it, and what they found."""
