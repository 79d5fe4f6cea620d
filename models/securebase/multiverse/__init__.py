"""The multiverse of a study: its claims under every specification that was declared."""
