"""WHO MAY DO WHAT on the log: principals, the rights that follow from departments and agreements, how they differ from what there is."""
