"""Pure values of approvals."""
