"""Ground: what every staff table is built of: base admins, columns, paginator, roles, reasons.

Holds no tables. Rooms build their `admin.py` on it, so that 1.5 million rows open as quickly as
ten, personal data is masked in one place, and nothing dangerous happens without a reason.
"""
