"""From raw survey waves to clean, scored ones; nothing is lost on the way."""
