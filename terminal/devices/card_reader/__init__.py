"""Card readers (payment terminals)."""
