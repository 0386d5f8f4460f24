"""The staff's entry point: dashboards, inspectors and the admin site; owns no tables."""
