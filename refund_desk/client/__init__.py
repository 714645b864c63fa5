"""The only way in for a desk or a command: typed calls, words and formats. No Qt."""
