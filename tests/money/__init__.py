"""Money out once: a gateway that fails in every way, histories that meet it, and a checker that reads its books."""
