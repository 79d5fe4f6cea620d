"""Raw data beside a bundle: for a data editor who is given both, and the nonces of its seal."""
