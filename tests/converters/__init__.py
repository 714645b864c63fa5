"""Public data sets turned into case bundles. `convert(data, out)` writes a bundle directory; returns its lines."""
