"""Windows. The only floor with Qt."""
