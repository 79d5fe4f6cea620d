"""Securebase: from raw survey waves to checked posteriors of change in attachment."""

from securebase.caches import choose_folder

choose_folder()
