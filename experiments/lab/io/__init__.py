"""Between the user and the code: flags, errors in one sentence, files written whole."""
