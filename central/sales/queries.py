"""The SQL behind the pages and the API of sales."""
