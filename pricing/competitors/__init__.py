"""Price lists of competitors."""
