"""Fulfilment: parcels from packing to the shopper's door or the counter."""
