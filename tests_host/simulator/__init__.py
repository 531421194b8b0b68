"""tools/simulator: the imitated chip, its radio, its flash, its world."""
