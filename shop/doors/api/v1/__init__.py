"""Version 1 of the API: routes, views, request checks and response bodies."""
