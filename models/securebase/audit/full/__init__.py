"""Checks of level full: everything that was declared, fitted again from the moments of a bundle."""
