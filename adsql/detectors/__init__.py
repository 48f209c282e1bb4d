"""One algorithm per file; the file's name is the SQL name."""
