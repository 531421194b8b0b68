"""What the module can do, in our own words: no AT text here."""
