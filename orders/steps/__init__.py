"""The steps of an order: its lock, its timeline, what moves when it is paid, closed or given back.

What lies here knows no payment, shipment or return: those suites call it under the step lock.
"""
