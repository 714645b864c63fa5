"""Routes by subject. Each is thin: who are you, wire in, use case, wire out."""
