"""What requests hold and what answers say: one declaration checks, writes and describes them."""
