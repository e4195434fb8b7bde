"""Who may do what and why: explained, compared, refused, mended."""
