"""Securebase: from raw survey waves to checked posteriors of change in attachment."""
