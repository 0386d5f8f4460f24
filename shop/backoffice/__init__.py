"""Roof: the staff's door. Dashboards, inspectors and the admin site; owns no tables."""
