"""The self-test of the audit: bundles that are honest, and every tampering of the threat model."""
