"""Pages: the household's, the public ones, the officials', the settings."""
