"""adsql in PostgreSQL: an extension whose functions are in PL/Python."""
