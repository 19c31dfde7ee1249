"""Scanners that work as keyboards: their key events become codes."""
