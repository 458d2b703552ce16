"""The real verify binary against real DNS and TLS servers that misbehave."""
