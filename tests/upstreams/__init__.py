"""Other people's real systems on loopback, from public packages alone, and tests of connectors against them."""
