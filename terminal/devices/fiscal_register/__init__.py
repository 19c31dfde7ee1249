"""Fiscal registers (RT devices)."""
