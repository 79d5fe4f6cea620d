"""Growth over time as a design: what a family of growth models is built from."""
