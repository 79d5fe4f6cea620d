"""Recovery of known truths, claim by claim: also the design study of each study."""
