"""What a module is born with: the image of factory parameters, certificates for tests."""
