"""Personal offers: uplift, allocation, exploration and e-mails."""
