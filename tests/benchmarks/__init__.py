"""How fast Wardlight is, in ratios to the limit of the same machine in the same minutes."""
