"""The rules of Value for Money projects. No I/O: everything a rule needs is an argument."""
