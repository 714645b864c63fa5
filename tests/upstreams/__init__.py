"""Other people's real systems on loopback, started by the tests themselves."""
