"""Drop-out: whether the answer holds if those who left differ from what their answers say."""
