"""Commands, thin: each reads its arguments, calls a use case and words what came of it."""
